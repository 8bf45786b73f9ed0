"""The transcript: every message is a row before it is processed or sent.

`bot.channels.intake` stores what a patient wrote, the channel's output stores each answer; a page
reads what came after the last number it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, IdentitySession, Message
from bot.services.handoffs import open_handoff
from bot.services.identity import current_identity

CARD_PREFIX = "utter_card_"
ASK_CARD = "utter_ask_emergency"


@dataclass(frozen=True)
class Answer:
    """What the bot says: rendered text, buttons [{title, payload}], and what it was made of.

    private: it tells something from the record, so it is shown only while identity lasts.
    """

    text: str
    language: str
    responses: tuple[str, ...] = ()
    buttons: list[dict[str, str]] = field(default_factory=list)
    private: bool = False


def _next_seq(session: Session, conversation_id: str) -> int:
    """The conversation's next number; the row's lock keeps two writers apart."""
    row = session.execute(
        select(Conversation).where(Conversation.id == conversation_id).with_for_update()
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
    red_flag: dict | None = None,
    status: str = "received",
) -> tuple[Message, bool]:
    """Store what a patient sent; (row, False) when this channel message id was stored before."""
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
        seq=_next_seq(session, conversation_id),
        sender="patient",
        channel_message_id=channel_message_id,
        text=text,
        payload=payload,
        red_flag=red_flag,
        status=status,
        created_at=now,
    )
    session.add(row)
    session.flush()
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
    """Store one answer. A card opens (or raises) the clinical contact's task with it.

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
    identity = _told_in(session, conversation_id, now) if answer.private else None
    row = Message(
        conversation_id=conversation_id,
        seq=_next_seq(session, conversation_id),
        sender="bot",
        text=answer.text,
        buttons=answer.buttons,
        response=",".join(answer.responses)[:100],
        language=answer.language,
        reply_to_id=reply_to,
        ordinal=ordinal,
        identity_session_id=identity.id if identity else None,
        status="sent",
        created_at=now,
    )
    session.add(row)
    session.flush()
    if any(name.startswith(CARD_PREFIX) or name == ASK_CARD for name in answer.responses):
        graver = any(name.startswith(CARD_PREFIX) for name in answer.responses)
        open_handoff(
            session,
            conversation_id,
            "task",
            "red_flag",
            now,
            message_id=reply_to,
            priority=1 if graver else 2,
        )
    return row


def _told_in(session: Session, conversation_id: str, now: datetime) -> IdentitySession | None:
    """The identity session that an answer from the record belongs to: the running one, or the one
    that has ended since the turn began, so that the answer is hidden with it."""
    return (
        current_identity(session, conversation_id, now)
        or session.execute(
            select(IdentitySession)
            .where(IdentitySession.conversation_id == conversation_id)
            .order_by(IdentitySession.started_at.desc())
            .limit(1)
        ).scalar_one_or_none()
    )


def is_visible(session: Session, row: Message, now: datetime) -> bool:
    """Whether the page may show a message now; see `visible_messages`."""
    if row.identity_session_id is None:
        return True
    identity = current_identity(session, row.conversation_id, now)
    return identity is not None and identity.id == row.identity_session_id


def answers_to(session: Session, message_id: int) -> list[Message]:
    """The answers stored for a message so far, in order."""
    return list(
        session.execute(
            select(Message).where(Message.reply_to_id == message_id).order_by(Message.ordinal)
        ).scalars()
    )


def mark_answered(session: Session, message_id: int) -> None:
    """The turn is done."""
    session.execute(update(Message).where(Message.id == message_id).values(status="answered"))


def unanswered(session: Session, since: datetime) -> list[Message]:
    """Messages stored but not answered, oldest first: a crash came between."""
    return list(
        session.execute(
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.status == "received",
                Message.sender == "patient",
                Message.created_at >= since,
                Conversation.ended_at.is_(None),
            )
            .order_by(Message.id)
        ).scalars()
    )


def unanswered_until(
    session: Session, conversation_id: str, message_id: int, since: datetime
) -> list[Message]:
    """A conversation's messages up to this one that have no answer yet, in order."""
    return list(
        session.execute(
            select(Message)
            .where(
                Message.conversation_id == conversation_id,
                Message.id <= message_id,
                Message.status == "received",
                Message.sender == "patient",
                Message.created_at >= since,
            )
            .order_by(Message.seq)
        ).scalars()
    )


def visible_messages(
    session: Session, conversation_id: str, now: datetime, after: int = 0
) -> list[Message]:
    """What the patient's page may show after number `after`: answers from the record only while
    the identity session that they were given in is running."""
    identity = current_identity(session, conversation_id, now)
    running = identity.id if identity else None
    return list(
        session.execute(
            select(Message)
            .where(
                Message.conversation_id == conversation_id,
                Message.seq > after,
                or_(
                    Message.identity_session_id.is_(None),
                    Message.identity_session_id == running,
                ),
            )
            .order_by(Message.seq)
        ).scalars()
    )


def private_numbers(session: Session, conversation_id: str) -> list[int]:
    """Numbers of the answers from the record whose identity session has ended."""
    return list(
        session.execute(
            select(Message.seq)
            .join(IdentitySession, IdentitySession.id == Message.identity_session_id)
            .where(Message.conversation_id == conversation_id, IdentitySession.ended_at.isnot(None))
        ).scalars()
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
