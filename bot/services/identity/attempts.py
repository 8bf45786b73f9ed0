"""Tries are counted per conversation, per address and per NHS number or name.

The limit slows down and never locks a patient out for good (design, section 6).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation
from bot.records.identity_models import IdentityAttempt
from bot.services.keys import keyed_hash
from bot.settings import get_settings

TRIES_PER_ADDRESS = 4
"""How many conversations' tries one address may use up."""


def minutes_to_wait(
    session: Session, conversation_id: str, subject: str | None, now: datetime
) -> int:
    """Minutes until the next try is allowed; 0: now. Fails count, successes don't."""
    settings = get_settings()
    window = timedelta(minutes=settings.identity_window_minutes)
    address = _address_of(session, conversation_id)
    tries = settings.identity_tries
    limits = [(IdentityAttempt.conversation_id == conversation_id, tries)]
    if address:  # a household or a surgery's waiting room shares one address
        limits.append((IdentityAttempt.address_hash == address, tries * TRIES_PER_ADDRESS))
    if subject:
        limits.append((IdentityAttempt.subject_hash == keyed_hash("subject", subject), tries))
    wait = 0
    for condition, allowed in limits:
        failed, oldest = session.execute(
            select(func.count(), func.min(IdentityAttempt.at)).where(
                condition, IdentityAttempt.succeeded.is_(False), IdentityAttempt.at > now - window
            )
        ).one()
        if failed >= allowed and oldest is not None:
            wait = max(wait, int((oldest + window - now).total_seconds() // 60) + 1)
    return wait


def _address_of(session: Session, conversation_id: str) -> str | None:
    return session.execute(
        select(Conversation.address_hash).where(Conversation.id == conversation_id)
    ).scalar_one_or_none()


def note_attempt(
    session: Session, conversation_id: str, subject: str, succeeded: bool, now: datetime
) -> None:
    """Count one check."""
    session.add(
        IdentityAttempt(
            conversation_id=conversation_id,
            address_hash=_address_of(session, conversation_id),
            subject_hash=keyed_hash("subject", subject),
            succeeded=succeeded,
            at=now,
        )
    )
