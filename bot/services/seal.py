"""Seals identifiers at the door: a token in the text, the value encrypted beside it.

Called by `bot.channels.intake` before a message is stored; `unseal` by the actions that verify.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.language import identifiers
from bot.language.identifiers import Found
from bot.records.chat_models import SealedValue
from bot.services.keys import decrypt, encrypt
from bot.settings import get_settings

TOKEN_BYTES = 5


def seal_text(
    session: Session, conversation_id: str, text: str, now: datetime, awaiting: str | None
) -> str:
    """`text` with every identifier replaced by a token, its value stored encrypted.

    Args:
        awaiting: what the conversation was just asked for; see `identifiers.find`.
    """

    def token_for(item: Found) -> str:
        return _seal(session, conversation_id, item.kind, item.value, now)

    found = identifiers.find(text, now.date(), awaiting)
    return identifiers.replace(text, found, token_for)


def _seal(session: Session, conversation_id: str, kind: str, value: str, now: datetime) -> str:
    """The new token behind which a value lies."""
    token = f"[{kind}#{secrets.token_hex(TOKEN_BYTES)}]"
    session.add(
        SealedValue(
            token=token,
            conversation_id=conversation_id,
            kind=kind,
            ciphertext=encrypt(value),
            created_at=now,
            expires_at=now + timedelta(hours=get_settings().sealed_hours),
        )
    )
    return token


def order_date(
    session: Session, conversation_id: str, token: str, now: datetime, *, month_first: bool
) -> str | None:
    """A new token for an unclear date, once the patient has said how to read it; None as for
    `unseal_date`."""
    read = unseal_date(session, conversation_id, token, now)
    if read is None:
        return None
    meant = date(read.year, read.day, read.month) if month_first else read
    return _seal(session, conversation_id, "date-of-birth", meant.isoformat(), now)


def unseal(session: Session, conversation_id: str, token: str | None, now: datetime) -> str | None:
    """The value behind a token of this conversation; None when unknown, foreign or expired."""
    if not token:
        return None
    row = session.execute(
        select(SealedValue).where(
            SealedValue.token == token,
            SealedValue.conversation_id == conversation_id,
            SealedValue.expires_at > now,
        )
    ).scalar_one_or_none()
    return decrypt(row.ciphertext) if row else None


def unseal_date(
    session: Session, conversation_id: str, token: str | None, now: datetime
) -> date | None:
    """The date behind a token; None as for `unseal`, or when it is no date."""
    value = unseal(session, conversation_id, token, now)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def forget_expired(session: Session, now: datetime) -> int:
    """Delete sealed values whose time is over; returns how many."""
    return session.execute(delete(SealedValue).where(SealedValue.expires_at <= now)).rowcount
