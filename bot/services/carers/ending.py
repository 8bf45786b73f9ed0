"""Access ends: withdrawn by staff, or with its review date. It works at once.

Called by the console and by `bot.services.carers.review`. The carer is signed out and told in one
sentence, never why; updates stop.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotFound, Refused
from bot.records.carer_models import CarerAccess
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.services.audit import audit
from bot.services.handoffs.telling import tell
from bot.services.identity import end_identity
from bot.services.updates import end_subscriptions_of_access

ENDED = "utter_carer_access_ended"
WITHDRAWAL_REASONS = ("patient", "carer", "concern", "mistake", "other")


def withdraw_access(
    session: Session, staff: Staff, patient: Patient, access_id: str, reason: str, now: datetime
) -> CarerAccess:
    """Withdraw an access of this patient.

    Args:
        reason: one of WITHDRAWAL_REASONS.

    Raises:
        Refused: no such reason.
        NotFound: none of this patient that is still running.
    """
    if reason not in WITHDRAWAL_REASONS:
        raise Refused("Choose why the access ends.")
    access = session.execute(
        select(CarerAccess)
        .where(
            CarerAccess.id == access_id,
            CarerAccess.patient_id == patient.id,
            CarerAccess.ended_at.is_(None),
        )
        .with_for_update()
    ).scalar_one_or_none()
    if access is None:
        raise NotFound("This access has ended already. Reload the page.")
    access.ended_by_id = staff.id
    end_access(session, access, reason, now)
    audit(
        session,
        f"staff:{staff.id}",
        "access_withdrawn",
        "carer_access",
        access.id,
        patient=patient.id,
        reason=reason,
    )
    return access


def end_access(session: Session, access: CarerAccess, reason: str, now: datetime) -> None:
    """End an access, with all that hangs on it."""
    access.ended_at, access.ended_reason = now, reason
    session.flush()
    end_subscriptions_of_access(session, access.id, now)
    end_sessions_of(session, access.id, now)


def end_sessions_of(session: Session, access_id: str, now: datetime) -> list[str]:
    """Sign a carer out of an access wherever they are; returns the conversations, who are told."""
    rows = session.execute(
        select(IdentitySession.conversation_id).where(
            IdentitySession.carer_access_id == access_id, IdentitySession.ended_at.is_(None)
        )
    ).scalars()
    conversations = [str(one) for one in rows]
    for conversation_id in conversations:
        end_identity(session, conversation_id, now, "access ended")
        tell(session, conversation_id, [ENDED], now)
    return conversations
