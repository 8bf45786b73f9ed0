"""The transcript: every message is a row before it is processed or sent.

`bot.channels.intake` stores what a patient wrote, `bot.services.answering` what the bot says,
`bot.services.staff_messages` what a coordinator writes; `bot.channels.delivery` sends what is
queued. What a page may show is decided in `bot.services.visible_messages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.language.catalogues import SOURCE_LANGUAGE
from bot.records.carer_models import CarerAccess
from bot.records.chat_models import Conversation, Message
from bot.records.identity_models import IdentitySession
from bot.services.carers.naming import FOR_PERSON, NAME_THEMSELVES, opening_line
from bot.services.identity import running_session
from bot.services.live import note_event

CARD_PREFIX = "utter_card_"
ASK_CARD = "utter_ask_emergency"
RESPONSE_LENGTH = 100


@dataclass(frozen=True)
class Answer:
    """What the bot says: rendered text, buttons [{title, payload, english}], and what it was made
    of.

    private: it tells something from the record, so it is shown only while identity lasts.
    english: the same in English, for staff; None: they read the text itself.
    attachment: what goes with it, "calendar:" and an appointment's id.
    """

    text: str
    language: str
    responses: tuple[str, ...] = ()
    buttons: list[dict[str, str]] = field(default_factory=list)
    private: bool = False
    english: str | None = None
    attachment: str | None = None


def next_seq(session: Session, conversation_id: str) -> int:
    """The conversation's next number; the row's lock keeps two writers apart."""
    row = session.execute(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)  # what was loaded before the lock may be old
    ).scalar_one()
    row.next_seq += 1
    session.flush()
    return row.next_seq - 1


def store_patient_message(
    session: Session,
    conversation_id: str,
    channel_message_id: str,
    text: str,
    now: datetime,
    *,
    payload: str | None = None,
    english: str | None = None,
    red_flag: dict | None = None,
    identity_session_id: str | None = None,
    status: str = "received",
) -> tuple[Message, bool]:
    """Store what a patient sent; (row, False) when this channel message id was stored before.

    Args:
        english: of a quick reply: our own sentence in English, for staff.
        identity_session_id: of a quick reply that tells from the record: it goes with it.
    """
    known = session.execute(
        select(Message).where(
            Message.conversation_id == conversation_id,
            Message.channel_message_id == channel_message_id,
        )
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    row = Message(
        conversation_id=conversation_id,
        seq=next_seq(session, conversation_id),
        sender="patient",
        channel_message_id=channel_message_id,
        text=text,
        payload=payload,
        english=english,
        identity_session_id=identity_session_id,
        red_flag=red_flag,
        status=status,
        created_at=now,
    )
    session.add(row)
    session.flush()
    note_event(session, "message", conversation_id=conversation_id, data={"seq": row.seq})
    return row, True


def store_answer(
    session: Session,
    conversation_id: str,
    answer: Answer,
    now: datetime,
    *,
    reply_to: int | None = None,
    ordinal: int | None = None,
) -> Message:
    """Store one answer, to be sent by `bot.channels.delivery`.

    Args:
        reply_to, ordinal: which answer to which message. When a turn is run again after a crash,
            an answer stored the first time is found again and not said twice.
    """
    if reply_to is not None:
        known = session.execute(
            select(Message).where(Message.reply_to_id == reply_to, Message.ordinal == ordinal)
        ).scalar_one_or_none()
        if known is not None:
            return known
    identity = identity_told_in(session, conversation_id, now) if answer.private else None
    if identity is not None and identity.carer_access is not None:
        answer = about_person(answer, identity.carer_access)
    row = Message(
        conversation_id=conversation_id,
        seq=next_seq(session, conversation_id),
        sender="bot",
        text=answer.text,
        buttons=answer.buttons,
        response=",".join(answer.responses)[:RESPONSE_LENGTH],
        language=answer.language,
        english=answer.english,
        attachment=answer.attachment,
        reply_to_id=reply_to,
        ordinal=ordinal,
        identity_session_id=identity.id if identity else None,
        status="queued",
        created_at=now,
    )
    session.add(row)
    session.flush()
    note_event(session, "message", conversation_id=conversation_id, data={"seq": row.seq})
    return row


def about_person(answer: Answer, access: CarerAccess) -> Answer:
    """An answer to a carer says whom it is about."""
    if not NAME_THEMSELVES.isdisjoint(answer.responses):
        return answer
    english = answer.english or answer.text
    return replace(
        answer,
        text=f"{opening_line(access, answer.language)}\n\n{answer.text}",
        english=f"{opening_line(access, SOURCE_LANGUAGE)}\n\n{english}",
        responses=(FOR_PERSON, *answer.responses),
    )


def change_text(session: Session, row: Message, text: str, english: str, response: str) -> None:
    """Change a message in place and send it again: the page shows the highest revision."""
    row.text, row.english, row.response = text, english, response
    row.revision += 1
    row.status = "queued"
    note_event(session, "message", conversation_id=row.conversation_id, data={"seq": row.seq})


def identity_told_in(
    session: Session, conversation_id: str, now: datetime
) -> IdentitySession | None:
    """The identity session that an answer from the record belongs to: the running one, or the one
    that has ended since the turn began, so that the answer is hidden with it."""
    return (
        running_session(session, conversation_id, now)
        or session.execute(
            select(IdentitySession)
            .where(IdentitySession.conversation_id == conversation_id)
            .order_by(IdentitySession.started_at.desc())
            .limit(1)
        ).scalar_one_or_none()
    )


def message_by_seq(session: Session, conversation_id: str, seq: int) -> Message | None:
    """One message of the conversation by its number."""
    return session.execute(
        select(Message).where(Message.conversation_id == conversation_id, Message.seq == seq)
    ).scalar_one_or_none()


def newest_answer(session: Session, conversation_id: str) -> Message | None:
    """The bot's last message."""
    return session.execute(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.sender == "bot")
        .order_by(Message.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def language_offered_in(session: Session, row: Message) -> str | None:
    """The language of the quick replies that a pressed one was picked from: that of the answer
    before it; None when there is none."""
    return session.execute(
        select(Message.language)
        .where(
            Message.conversation_id == row.conversation_id,
            Message.sender == "bot",
            Message.seq < row.seq,
        )
        .order_by(Message.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def count_recent(session: Session, conversation_id: str, now: datetime) -> int:
    """Messages that the patient sent within the last minute."""
    return session.execute(
        select(func.count())
        .select_from(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender == "patient",
            Message.created_at > now - timedelta(minutes=1),
        )
    ).scalar_one()
