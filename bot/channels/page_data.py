"""What the patient's page is told: its session, its strings, and messages as JSON."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.answers import render_alone
from bot.language.catalogues import direction, get_catalogues, own_name
from bot.language.identifiers import TOKEN
from bot.language.render import format_value
from bot.records.chat_models import Conversation, IdentitySession, Message
from bot.services.identity import current_identity
from bot.services.seal import unseal_date
from bot.services.transcript import CARD_PREFIX, language_offered_in
from bot.settings import get_settings

ISOLATE = "\u2068"
HIDDEN = "•••"
"""What a sealed identifier shows as."""


def accepted_language(header: str | None) -> str | None:
    """The first language of the browser's Accept-Language that is offered."""
    offered = get_catalogues().offered()
    for part in (header or "").split(","):
        code = re.split(r"[-_;]", part.strip().lower())[0]
        if code in offered:
            return code
    return None


def page_strings(language: str) -> dict[str, str]:
    """The page's own sentences, by name."""
    names = [name for name in get_catalogues().responses if name.startswith("page_")]
    return {name: render_alone(name, language).text for name in names}


def session_data(
    session: Session | None, conversation: Conversation | None, hint: str | None, now: datetime
) -> dict[str, Any]:
    """The page's session; without a conversation: that of somebody who has just come."""
    language = (conversation.language if conversation else None) or hint
    language = language or get_settings().default_language
    identity = current_identity(session, conversation.id, now) if session and conversation else None
    return {
        "language": language,
        "chosen": bool(conversation and conversation.language),
        "dir": direction(language),
        "verified": identity is not None,
        # A page that goes offline hides answers from the record by itself when this has passed. It
        # takes the difference to `now`: a patient's clock may be wrong.
        "verified_until": _verified_until(identity),
        "now": now.isoformat(),
        "strings": page_strings(language),
        "languages": [
            {"code": code, "name": own_name(code), "dir": direction(code)}
            for code in get_catalogues().offered()
        ],
        "max_length": get_settings().message_max_length,
    }


def _verified_until(identity: IdentitySession | None) -> str | None:
    """When the identity session ends if no message comes: ISO time; None without one."""
    if identity is None:
        return None
    end = identity.last_seen_at + timedelta(minutes=get_settings().identity_minutes)
    return str(end.isoformat())


def message_data(session: Session, row: Message, now: datetime) -> dict[str, Any]:
    """One message as the page shows it. Identifiers stay hidden, but for a date of birth that
    the bot reads back to the patient who has just typed it."""
    language = row.language or get_settings().default_language
    own = row.sender == "patient"
    responses = (row.response or "").split(",")
    return {
        "seq": row.seq,
        "id": row.channel_message_id if own else None,
        "sender": row.sender,
        "text": _open_tokens(session, row, language, now),
        "buttons": [button["title"] for button in row.buttons or ()],
        "language": None if own else language,
        "dir": _direction(session, row, language),
        "at": row.created_at.isoformat(),
        "kind": "card" if any(name.startswith(CARD_PREFIX) for name in responses) else None,
        "private": row.identity_session_id is not None,
    }


def _direction(session: Session, row: Message, language: str) -> str:
    """What a patient types finds its own direction. A quick reply is our sentence: with isolated
    names in it (a patient can't type those signs) it would find the wrong one."""
    if row.sender != "patient":
        return direction(language)
    if ISOLATE not in row.text:
        return "auto"
    return direction(language_offered_in(session, row) or language)


def _open_tokens(session: Session, row: Message, language: str, now: datetime) -> str:
    def show(match: re.Match[str]) -> str:
        if row.sender == "bot" and match[1] == "date-of-birth":
            birth_date = unseal_date(session, row.conversation_id, match[0], now)
            if birth_date:
                return format_value(birth_date, "date", language)
        return HIDDEN

    return TOKEN.sub(show, row.text)
