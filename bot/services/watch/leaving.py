"""Takes back what has settled itself: the referral moved on, or is late no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.records.models import Referral, ReferralState
from bot.records.watch_models import LimboFinding
from bot.services.handoffs import OVERDUE, leave_overdue_task
from bot.settings import get_settings

MOVED_ON = (
    "The referral has moved on in the record since this task was opened. See beside it where it "
    "stands now. Waymark wrote this note by itself."
)


class Left(NamedTuple):
    """A finding that is over, and the open task of the watch about its referral."""

    finding: LimboFinding
    task: Handoff | None


def findings_left(session: Session, now: datetime, in_limbo: set[str]) -> list[Left]:
    """The findings whose referral has left the state; and those that never became a task and are
    late no more. Of a record that is too old only a move is believed.

    Args:
        in_limbo: ids of the referrals that are in limbo now.
    """
    newest = (
        select(func.max(ReferralState.id))
        .where(ReferralState.referral_id == LimboFinding.referral_id)
        .correlate(LimboFinding)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            LimboFinding.id,
            LimboFinding.referral_id,
            LimboFinding.handoff_id,
            or_(newest != LimboFinding.state_row_id, Referral.state != LimboFinding.state),
            Referral.checked_at,
        )
        .join(Referral, Referral.id == LimboFinding.referral_id)
        .where(LimboFinding.closed_at.is_(None))
        .order_by(LimboFinding.id)
    ).all()
    too_old = now - timedelta(hours=get_settings().feed_age_hours)
    over = []
    for finding_id, referral_id, handoff_id, moved, checked_at in rows:
        late = referral_id in in_limbo or checked_at < too_old
        if moved or (handoff_id is None and not late):
            over.append((finding_id, referral_id))
    tasks = _open_tasks(session) if over else {}
    return [
        Left(session.get(LimboFinding, finding_id), tasks.get(referral_id))
        for finding_id, referral_id in over
    ]


def leave(session: Session, left: list[Left], now: datetime) -> int:
    """Close these findings; returns how many tasks were withdrawn."""
    withdrawn = 0
    for finding, task in left:
        finding.closed_at = now
        if task is not None:
            withdrawn += leave_overdue_task(session, task, MOVED_ON, now)
    return withdrawn


def _open_tasks(session: Session) -> dict[str, Handoff]:
    """The open tasks without a conversation, by referral."""
    tasks = session.execute(
        select(Handoff).where(
            Handoff.conversation_id.is_(None),
            Handoff.reason == OVERDUE,
            Handoff.state.in_(("waiting", "claimed")),
        )
    ).scalars()
    return {task.referral_id: task for task in tasks}
