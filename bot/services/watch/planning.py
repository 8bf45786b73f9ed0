"""Decides what of the limbo becomes a task now, what the daily cap holds back, and what is known.

Reads, and writes nothing: `waymark watch --dry-run` shows a plan, `opening` carries it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.records.models import Referral, ReferralState
from bot.records.watch_models import LimboFinding
from bot.services.handoffs import OVERDUE
from bot.services.open_referrals import PORTION
from bot.services.site_days import local_day, start_of
from bot.services.watch.judging import Found
from bot.settings import get_settings

Becomes = Literal["new", "held_back", "known"]


class Seen(NamedTuple):
    """What is known of a referral before this round.

    stay: the newest row of its history; None: it tells of another state than the referral has.
    finding_id: of this stay; closed: it was late no more for a while. has_task: the stay has had
    its task. task_id: an open one about it.
    """

    state: str
    stay: int | None
    finding_id: int | None = None
    closed: bool = False
    has_task: bool = False
    task_id: str | None = None


@dataclass(frozen=True)
class Planned:
    """One referral in limbo, and what becomes of it."""

    found: Found
    seen: Seen
    becomes: Becomes

    @property
    def is_news(self) -> bool:
        """Whether there is something to write down."""
        seen = self.seen
        if self.becomes == "known":
            return not seen.has_task
        return self.becomes == "new" or seen.finding_id is None or seen.closed


def plan(
    session: Session, found: list[Found], now: datetime, withdrawn: Iterable[str] = ()
) -> list[Planned]:
    """What becomes of each, in their order.

    A team gets at most `WAYMARK_WATCH_TASKS_PER_DAY` new tasks a day; those that somebody must
    look at today are never held back, and count.

    Args:
        found: in the order in which they should become tasks.
        withdrawn: ids of tasks that are about to be withdrawn.
    """
    room = _room(session, now)
    cap = get_settings().watch_tasks_per_day
    seen = _seen(session, [one.referral.id for one in found], set(withdrawn))
    planned = []
    for one in found:
        known = seen.get(one.referral.id)
        if known is None or known.state != one.referral.facts.state.value:
            continue  # it has moved since it was judged; the next round sees it as it is
        becomes: Becomes = "new"
        team_id = one.referral.team_id
        if known.has_task or known.task_id is not None:
            becomes = "known"
        elif not one.limbo.same_day and room[team_id] >= cap:
            becomes = "held_back"
        else:
            room[team_id] += 1
        planned.append(Planned(one, known, becomes))
    return planned


def _room(session: Session, now: datetime) -> Counter[str]:
    """How many tasks the watch has opened today, by team."""
    rows = session.execute(
        select(LimboFinding.team_id, func.count(LimboFinding.id))
        .where(LimboFinding.opened_at >= start_of(local_day(now)))
        .group_by(LimboFinding.team_id)
    ).all()
    return Counter(dict(rows))


def _seen(session: Session, referral_ids: list[str], withdrawn: set[str]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for start in range(0, len(referral_ids), PORTION):
        portion = referral_ids[start : start + PORTION]
        newest = (
            select(ReferralState.referral_id, func.max(ReferralState.id).label("id"))
            .where(ReferralState.referral_id.in_(portion))
            .group_by(ReferralState.referral_id)
            .subquery()
        )
        rows = session.execute(
            select(
                Referral.id,
                Referral.state,
                ReferralState.id,
                ReferralState.state,
                LimboFinding.id,
                LimboFinding.handoff_id,
                LimboFinding.closed_at,
            )
            .outerjoin(newest, newest.c.referral_id == Referral.id)
            .outerjoin(ReferralState, ReferralState.id == newest.c.id)
            .outerjoin(LimboFinding, LimboFinding.state_row_id == ReferralState.id)
            .where(Referral.id.in_(portion))
        ).all()
        tasks = _open_tasks(session, portion, withdrawn)
        for referral_id, state, stay, stay_state, finding_id, handoff_id, closed_at in rows:
            task_id = tasks.get(referral_id)
            seen = Seen(state, None, task_id=task_id)
            if stay_state == state:
                closed, has_task = closed_at is not None, handoff_id is not None
                seen = Seen(state, stay, finding_id, closed, has_task, task_id)
            found[referral_id] = seen
    return found


def _open_tasks(session: Session, portion: list[str], withdrawn: set[str]) -> dict[str, str]:
    """An open task about each referral, whoever opened it."""
    rows = session.execute(
        select(Handoff.referral_id, Handoff.id).where(
            Handoff.referral_id.in_(portion),
            Handoff.kind == "task",
            Handoff.reason == OVERDUE,
            Handoff.state.in_(("waiting", "claimed")),
        )
    ).all()
    return {referral_id: task for referral_id, task in rows if task not in withdrawn}
