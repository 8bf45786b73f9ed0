"""Who wants to be told: a conversation subscribes to one patient's record, and stops.

Called by `actions.updates`, and wherever a conversation's link to its patient ends. What was
written and not yet sent goes with the subscription.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.records.chat_models import Message
from bot.records.identity_models import IdentitySession
from bot.records.update_models import Subscription, Update
from bot.services.audit import audit
from bot.services.conversations import lock_conversation


def running_subscription(session: Session, conversation_id: str) -> Subscription | None:
    """The conversation's subscription; None: it wants no updates."""
    return session.execute(
        select(Subscription).where(
            Subscription.conversation_id == conversation_id, Subscription.ended_at.is_(None)
        )
    ).scalar_one_or_none()


def has_stopped(session: Session, conversation_id: str) -> bool:
    """Whether the patient has stopped updates in this conversation before."""
    stopped = select(Subscription.id).where(
        Subscription.conversation_id == conversation_id, Subscription.ended_reason == "stopped"
    )
    return session.execute(stopped.limit(1)).first() is not None


def subscribe(
    session: Session, identity: IdentitySession, now: datetime
) -> tuple[Subscription, bool]:
    """Tell this conversation of the verified patient's changes from now on.

    Returns:
        the subscription, and whether it is new.
    """
    lock_conversation(session, identity.conversation_id)
    known = running_subscription(session, identity.conversation_id)
    if known is not None:
        return known, False
    row = Subscription(
        conversation_id=identity.conversation_id,
        patient_id=identity.patient_id,
        carer_access_id=identity.carer_access_id,
        started_at=now,
    )
    session.add(row)
    session.flush()
    actor = f"patient:{identity.conversation_id}"
    audit(session, actor, "updates_started", "patient", identity.patient_id, subscription=row.id)
    return row, True


def end_subscription(session: Session, conversation_id: str, now: datetime, reason: str) -> bool:
    """End the conversation's subscription; True when there was one to end.

    Args:
        reason: "stopped" by the patient, "left", "data request", "new identity", "access".
    """
    lock_conversation(session, conversation_id)
    row = running_subscription(session, conversation_id)
    if row is None:
        return False
    _end(session, row, now, reason)
    return True


def end_if_another(
    session: Session,
    conversation_id: str,
    patient_id: str | None,
    now: datetime,
    carer_access_id: str | None = None,
) -> bool:
    """End it when the conversation has been verified as somebody else: another patient, or a
    carer where it was the patient."""
    lock_conversation(session, conversation_id)
    row = running_subscription(session, conversation_id)
    if row is None or (row.patient_id, row.carer_access_id) == (patient_id, carer_access_id):
        return False
    _end(session, row, now, "new identity")
    return True


def end_subscriptions_of_access(session: Session, carer_access_id: str, now: datetime) -> int:
    """End every subscription that hangs on a carer's access; returns how many. Called when it is
    withdrawn."""
    rows = session.execute(
        select(Subscription).where(
            Subscription.carer_access_id == carer_access_id, Subscription.ended_at.is_(None)
        )
    ).scalars()
    found = list(rows)
    for row in found:
        lock_conversation(session, row.conversation_id)
        _end(session, row, now, "access")
    return len(found)


def _end(session: Session, row: Subscription, now: datetime, reason: str) -> None:
    row.ended_at, row.ended_reason = max(now, row.started_at), reason
    take_back_unsent(session, row)
    drop(session, _untold(session, row), now, "ended")
    actor = f"conversation:{row.conversation_id}"
    audit(session, actor, "updates_ended", "patient", row.patient_id, reason=reason)


def _untold(session: Session, row: Subscription) -> list[Update]:
    return list(
        session.execute(
            select(Update).where(
                Update.subscription_id == row.id,
                Update.told_at.is_(None),
                Update.dropped_at.is_(None),
            )
        ).scalars()
    )


def drop(session: Session, updates: Iterable[Update], now: datetime, reason: str) -> None:
    """These are not told any more."""
    for row in updates:
        row.dropped_at, row.dropped_reason, row.told_at = now, reason, None
    session.flush()


def take_back_unsent(session: Session, row: Subscription) -> int:
    """Delete what was written for a subscription and has not been sent; returns how many
    messages. Their updates count as untold again, for the caller to settle."""
    waiting = list(
        session.execute(
            select(Message.id)
            .join(Update, Update.message_id == Message.id)
            .where(
                Update.subscription_id == row.id,
                Message.status == "queued",
                Message.channel_ref.is_(None),
            )
            .distinct()
        ).scalars()
    )
    if waiting:
        session.execute(
            update(Update)
            .where(Update.message_id.in_(waiting))
            .values(message_id=None, told_at=None)
            .execution_options(synchronize_session="fetch")
        )
        session.execute(delete(Message).where(Message.id.in_(waiting)))
    return len(waiting)
