"""What the patient's page is told: its session, its strings, and messages as JSON."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.language.catalogues import SOURCE_LANGUAGE, direction, get_catalogues, own_name
from bot.language.identifiers import TOKEN
from bot.language.render import format_value
from bot.language.sentences import sentence
from bot.records.chat_models import Conversation, Message
from bot.records.identity_models import IdentitySession
from bot.records.staff_models import Staff
from bot.records.staff_queries import translations_for
from bot.services.handoffs import open_chat_of, with_coordinator
from bot.services.identity import running_session
from bot.services.seal import unseal_date
from bot.services.transcript import CARD_PREFIX, language_offered_in
from bot.settings import get_settings

ISOLATE = "\u2068"
PLACES = {"name": "{name}", "title": "{title}", "provider": "{provider}"}
"""Placeholders that the page fills itself."""
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
    return {name: sentence(name, language, PLACES).text for name in names}


def session_data(
    session: Session | None, conversation: Conversation | None, hint: str | None, now: datetime
) -> dict[str, Any]:
    """The page's session; without a conversation: that of somebody who has just come."""
    language = (conversation.language if conversation else None) or hint
    language = language or get_settings().default_language
    identity = running_session(session, conversation.id, now) if session and conversation else None
    return {
        "language": language,
        "chosen": bool(conversation and conversation.language),
        "dir": direction(language),
        "verified": identity is not None,
        # A page that goes offline hides answers from the record by itself when this has passed. It
        # takes the difference to `now`: a patient's clock may be wrong.
        "verified_until": _verified_until(identity),
        "now": now.isoformat(),
        **_person(session, conversation, now, language),
        "strings": page_strings(language),
        "languages": [
            {"code": code, "name": own_name(code), "dir": direction(code)}
            for code in get_catalogues().offered()
        ],
        "max_length": get_settings().message_max_length,
    }


def _person(
    session: Session | None, conversation: Conversation | None, now: datetime, language: str
) -> dict[str, Any]:
    """Whether the patient waits for a person, or talks to one, and who it is."""
    handoff = open_chat_of(session, conversation.id) if session and conversation else None
    if session is None or conversation is None or handoff is None:
        return {"person": None, "author": None}
    if with_coordinator(session, conversation.id, now):
        return {"person": "joined", "author": _author(handoff.claimed_by, language)}
    return {"person": "waiting", "author": None}


def _author(staff: Staff | None, language: str) -> dict[str, str] | None:
    """What a patient is told of a member of staff: first name and role."""
    if staff is None:
        return None
    role = sentence(f"term_role_{staff.role}", language).text
    return {"name": staff.first_name, "title": role}


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
    translated = row.sender == "coordinator" and language != SOURCE_LANGUAGE
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
        "revision": row.revision,
        "author": _author_of(session, row) if row.staff_id else None,
        "original": TOKEN.sub(HIDDEN, row.english or "") if translated else None,
        "machine": _provider(session, row) if translated else None,
        "file": f"/chat/files/{row.seq}" if row.attachment else None,
    }


def _author_of(session: Session, row: Message) -> dict[str, str] | None:
    """In the page's language, which an untranslated message has not."""
    language = session.get(Conversation, row.conversation_id).language
    return _author(session.get(Staff, row.staff_id), language or get_settings().default_language)


def _provider(session: Session, row: Message) -> str | None:
    """Who translated a coordinator's message; None: nobody, it is from the catalogues."""
    made = translations_for(session, [row.id], row.language).get(row.id)
    return str(made.provider) if made else None


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
