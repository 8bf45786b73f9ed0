"""Notes that something happened which subscribers want to know. Called where it happens.

In the transaction that makes it happen, so that nothing happens untold; a `key` is told once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.update_models import Subscription, Update


def note_update(
    session: Session,
    patient_id: str,
    kind: str,
    key: str,
    now: datetime,
    *,
    referral_id: str | None = None,
    appointment_id: str | None = None,
    detail: dict[str, Any] | None = None,
    only: Iterable[str] | None = None,
) -> int:
    """Note one thing for every conversation that wants to be told of this patient's record.

    Args:
        kind: one of UPDATE_KINDS.
        key: names it; the same key is noted once for each subscription, however often it is seen.
        detail: what the message will need besides the record as it stands then; JSON-able.
        only: for these subscriptions of the patient; None: for all.

    Returns:
        how many conversations will be told.
    """
    running = select(Subscription.id).where(
        Subscription.patient_id == patient_id,
        Subscription.ended_at.is_(None),
        ~select(Update.id)
        .where(Update.subscription_id == Subscription.id, Update.key == key)
        .exists(),
    )
    if only is not None:
        running = running.where(Subscription.id.in_(list(only)))
    count = 0
    for subscription_id in list(session.execute(running).scalars()):
        session.add(
            Update(
                subscription_id=subscription_id,
                kind=kind,
                key=key,
                referral_id=referral_id,
                appointment_id=appointment_id,
                detail=detail or {},
                noted_at=now,
                due_at=now,
            )
        )
        count += 1
    session.flush()
    return count
