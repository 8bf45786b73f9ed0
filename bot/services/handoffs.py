"""Opens hand-offs: chats that want a person, and tasks for staff.

The coordinators' console takes them over; here they are only recorded, once while open.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.services.audit import audit

PRIORITIES = {
    "red_flag": 1,
    "worsening": 1,
    "overdue_referral": 2,
    "asked_for": 2,
    "identity_failed": 2,
    "appointment_change": 2,
    "complaint": 3,
    "not_understood": 3,
}
"""1 is the most urgent, 4 the least; reasons not named here are 3. [D]"""


def open_handoff(
    session: Session,
    conversation_id: str,
    kind: str,
    reason: str,
    now: datetime,
    *,
    referral_id: str | None = None,
    message_id: int | None = None,
    priority: int | None = None,
) -> Handoff:
    """Open a hand-off, or raise the open one of the same kind and reason.

    Args:
        kind: "chat" or "task".
        reason: one of HANDOFF_REASONS.
        priority: 1..4; None: the reason's own. A raised one keeps the graver.
    """
    wanted = priority or PRIORITIES.get(reason, 3)
    existing = session.execute(
        select(Handoff).where(
            Handoff.conversation_id == conversation_id,
            Handoff.kind == kind,
            Handoff.reason == reason,
            Handoff.state.in_(("waiting", "claimed")),
        )
    ).scalar_one_or_none()
    if existing is not None:
        existing.times_raised += 1
        existing.priority = min(existing.priority, wanted)
        existing.updated_at = now
        existing.referral_id = referral_id or existing.referral_id
        return existing
    handoff = Handoff(
        conversation_id=conversation_id,
        kind=kind,
        reason=reason,
        priority=wanted,
        referral_id=referral_id,
        message_id=message_id,
        created_at=now,
        updated_at=now,
    )
    session.add(handoff)
    session.flush()
    actor = f"patient:{conversation_id}"
    audit(session, actor, "handoff_opened", "handoff", handoff.id, reason=reason, kind=kind)
    return handoff
