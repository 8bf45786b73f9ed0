"""Time to the first reply, against what was aimed at.

A hand-off is replied to when staff first wrote to the patient, or else when they resolved it (a
task is done, not answered). Its target was counted in office hours when it was opened, so the
minutes here are those of office hours too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.records.staff_models import Team
from bot.services.figures.asked import Asked
from bot.services.figures.handoffs import in_period
from bot.services.figures.table import Column, Figure, Value
from bot.services.office import site_office_hours

MEASURED = (
    Column("handoffs", "count"),
    Column("in_time", "count"),
    Column("late", "count"),
    Column("open_in_time", "count"),
    Column("share_in_time", "share"),
    Column("median_minutes", "minutes"),
)


def replies(session: Session, asked: Asked) -> Figure:
    """By day, or by week when the period is longer than one, of opening."""
    found: dict[Any, list[Handoff]] = {day: [] for day in asked.period.steps}
    for handoff in _handoffs(session, asked):
        found[asked.period.step_of(handoff.created_at)].append(handoff)
    rows = tuple((day.isoformat(), *_measure(some, asked.now)) for day, some in found.items())
    return Figure("replies", (Column("from", "day"), *MEASURED), rows)


def replies_by_team(session: Session, asked: Asked) -> Figure:
    """By the team that has the hand-off now."""
    query = select(Team.id, Team.name).order_by(Team.name)
    if asked.team_ids is not None:
        query = query.where(Team.id.in_(asked.team_ids))
    teams = session.execute(query).all()
    found: dict[str, list[Handoff]] = {team_id: [] for team_id, _name in teams}
    for handoff in _handoffs(session, asked):
        found[handoff.team_id].append(handoff)
    rows = tuple((name, *_measure(found[team_id], asked.now)) for team_id, name in teams)
    return Figure("replies_by_team", (Column("team", "team"), *MEASURED), rows)


def _handoffs(session: Session, asked: Asked) -> Iterable[Any]:
    columns = (
        Handoff.team_id,
        Handoff.state,
        Handoff.created_at,
        Handoff.updated_at,
        Handoff.reply_due_at,
        Handoff.first_reply_at,
        Handoff.resolved_at,
    )
    with_chat = Handoff.conversation_id.isnot(None)  # nobody waits for a reply to the others
    return session.execute(select(*columns).where(with_chat, *in_period(asked)))


def _measure(handoffs: list[Any], now: datetime) -> tuple[Value, ...]:
    """In time, late, still open in time; share in time of what can be judged; median minutes.

    What nobody replied to is late once its time is over. A patient who withdrew before that
    leaves nothing to judge.
    """
    office = site_office_hours()
    in_time = late = still_open = 0
    minutes: list[int] = []
    for handoff in handoffs:
        replied = handoff.first_reply_at or handoff.resolved_at
        if replied is not None:
            minutes.append(office.minutes_between(handoff.created_at, replied))
        withdrawn = handoff.state == "withdrawn"
        ended = replied or (handoff.updated_at if withdrawn else now)
        if ended > handoff.reply_due_at:
            late += 1
        elif replied is not None:
            in_time += 1
        elif not withdrawn:
            still_open += 1
    judged = in_time + late
    share = in_time / judged if judged else None
    middle = median(minutes) if minutes else None
    return len(handoffs), in_time, late, still_open, share, middle
