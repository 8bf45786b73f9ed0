"""What a coordinator writes to a patient: a row first, then sent by `bot.channels.delivery`.

Called by the console. The patient reads their own language where there is a translation, with
the English original beside it; a canned reply comes from the catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotFound, WaymarkError
from bot.language.catalogues import SOURCE_LANGUAGE, get_catalogues
from bot.language.sentences import sentence
from bot.language.translate import Preview
from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import MessageTranslation, Staff
from bot.services.audit import audit
from bot.services.handoffs import handoff_held_by
from bot.services.handoffs.telling import changed, tell
from bot.services.identity import running_session
from bot.services.live import note_event
from bot.services.transcript import identity_told_in, next_seq
from bot.settings import get_settings

CANNED = "reply_"
MESSAGE_WAITS = "utter_staff_message_waiting"


@dataclass(frozen=True)
class CannedReply:
    """A sentence ready to send: its name in domain.yml, in English, and as the patient gets it."""

    name: str
    english: str
    text: str


def send_staff_message(
    session: Session,
    staff: Staff,
    handoff_id: str,
    client_id: str,
    text: str,
    now: datetime,
    *,
    translation: Preview | None = None,
) -> Message:
    """Store what a coordinator wrote in English.

    Args:
        client_id: the form's own; the same one again changes nothing.
        translation: what the coordinator saw and agreed to; None: it goes out in English.

    Raises:
        NotHolder, NotFound.
        WaymarkError: empty, too long, or the translation changed a number or a date.
    """
    text = text.strip()
    if not text:
        raise WaymarkError("Write a message first.")
    if len(text) > get_settings().message_max_length:
        longest = get_settings().message_max_length
        raise WaymarkError(f"The message is longer than {longest} characters. Send it in parts.")
    if translation is not None and translation.changed:
        what = ", ".join(translation.changed)
        raise WaymarkError(f"The translation changed: {what}. Write it in another way.")
    handoff = handoff_held_by(session, staff, handoff_id)
    language = _language_of(handoff) if translation else SOURCE_LANGUAGE
    shown = translation.text if translation else text
    row, new = _store(session, staff, handoff, client_id, shown, text, language, now)
    if new and translation is not None:
        session.add(
            MessageTranslation(
                message_id=row.id,
                language=language,
                state="done",
                text=translation.text,
                back_text=translation.back,
                provider=translation.provider,
                created_at=now,
            )
        )
    return row


def canned_replies(handoff: Handoff) -> list[CannedReply]:
    """All canned replies, in English and in the patient's language."""
    names = [name for name in get_catalogues().responses if name.startswith(CANNED)]
    language = _language_of(handoff)
    return [
        CannedReply(name, sentence(name, "en").text, sentence(name, language).text)
        for name in names
    ]


def send_canned_reply(
    session: Session, staff: Staff, handoff_id: str, client_id: str, name: str, now: datetime
) -> Message:
    """Send a canned reply, in the patient's language.

    Raises:
        NotHolder; NotFound: no such hand-off, or no such reply.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    reply = next((one for one in canned_replies(handoff) if one.name == name), None)
    if reply is None:
        raise NotFound("There is no such reply. Reload the page and choose again.")
    said = sentence(name, _language_of(handoff))
    row, new = _store(
        session, staff, handoff, client_id, reply.text, reply.english, said.language, now
    )
    if new:
        row.response = name
    return row


def _language_of(handoff: Handoff) -> str:
    talk = handoff.conversation
    return (talk.language if talk else None) or get_settings().default_language


def _store(
    session: Session,
    staff: Staff,
    handoff: Handoff,
    client_id: str,
    text: str,
    english: str,
    language: str,
    now: datetime,
) -> tuple[Message, bool]:
    """The row; (row, False) when this form was stored before."""
    conversation = handoff.conversation
    if conversation is None:
        raise WaymarkError("This task has no chat, so nothing can be written here. Call instead.")
    if conversation.ended_at is not None:
        raise WaymarkError(
            "The patient has left this chat for good. Call them, or resolve the hand-off."
        )
    known = session.execute(
        select(Message).where(
            Message.conversation_id == conversation.id, Message.channel_message_id == client_id
        )
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    identity = identity_told_in(session, conversation.id, now)
    row = Message(
        conversation_id=conversation.id,
        seq=next_seq(session, conversation.id),
        sender="coordinator",
        staff_id=staff.id,
        channel_message_id=client_id,
        text=text,
        english=english,
        language=language,
        identity_session_id=identity.id if identity else None,
        status="queued",
        created_at=now,
    )
    session.add(row)
    session.flush()
    handoff.last_staff_at = now
    handoff.first_reply_at = handoff.first_reply_at or now
    handoff.read_seq = row.seq
    audit(session, f"staff:{staff.id}", "message_sent", "handoff", handoff.id, seq=row.seq)
    note_event(session, "message", handoff=handoff, data={"seq": row.seq})
    changed(session, handoff, now)
    if identity is not None and running_session(session, conversation.id, now) is None:
        _say_that_it_waits(session, handoff, now)
    return row, True


def _say_that_it_waits(session: Session, handoff: Handoff, now: datetime) -> None:
    """The patient must verify again to read it; said once, not with each message."""
    newest = session.execute(
        select(Message.response)
        .where(Message.conversation_id == handoff.conversation_id, Message.sender == "bot")
        .order_by(Message.seq.desc())
        .limit(1)
    ).scalar_one_or_none()
    if newest != MESSAGE_WAITS:
        tell(session, handoff.conversation_id, [MESSAGE_WAITS], now)
