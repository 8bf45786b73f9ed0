"""How many hand-offs there were: a day, by reason, by the patient's language."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.records.chat_models import HANDOFF_KINDS, Conversation, Handoff
from bot.services.figures.asked import Asked
from bot.services.figures.table import Column, Figure
from bot.services.site_days import local_day


def handoffs_a_day(session: Session, asked: Asked) -> Figure:
    """Hand-offs by the day on which they were opened, chats and tasks."""
    opened = session.execute(select(Handoff.created_at, Handoff.kind).where(*in_period(asked)))
    counted = Counter((local_day(at), kind) for at, kind in opened)
    return Figure(
        "handoffs",
        (Column("day", "day"), *(Column(f"{kind}s", "count") for kind in HANDOFF_KINDS)),
        tuple(
            (day.isoformat(), *(counted[day, kind] for kind in HANDOFF_KINDS))
            for day in asked.period.days
        ),
    )


def reasons(session: Session, asked: Asked) -> Figure:
    """Hand-offs by reason, the most frequent first."""
    rows = _grouped(session, asked, Handoff.reason)
    return Figure("reasons", (Column("reason", "reason"), Column("handoffs", "count")), rows, True)


def languages(session: Session, asked: Asked) -> Figure:
    """Hand-offs by the language of the conversation, the most frequent first; a task of the watch
    has none."""
    rows = _grouped(session, asked, Conversation.language)
    columns = (Column("language", "language"), Column("handoffs", "count"))
    return Figure("languages", columns, rows, True)


def in_period(asked: Asked) -> list[Any]:
    """Conditions: opened in the period, for the teams asked about."""
    conditions = [
        Handoff.created_at >= asked.period.start,
        Handoff.created_at < asked.period.end,
    ]
    if asked.team_ids is not None:
        conditions.append(Handoff.team_id.in_(asked.team_ids))
    return conditions


def _grouped(session: Session, asked: Asked, column: Any) -> tuple[tuple[Any, int], ...]:
    query = (
        select(column, func.count(Handoff.id))
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .where(*in_period(asked))
        .group_by(column)
    )
    found = session.execute(query).all()
    return tuple(sorted(((name, count) for name, count in found), key=_most_first))


def _most_first(row: tuple[Any, int]) -> tuple[int, str]:
    return -row[1], row[0] or ""
