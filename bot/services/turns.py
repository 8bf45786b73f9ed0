"""Which messages still want an answer, and what was said to one.

Asked by `bot.channels.turn_runner` before, after and, when a crash came between, instead of a turn.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, Message


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


def unanswered(session: Session, channel: str, since: datetime) -> list[Message]:
    """A channel's messages stored but not answered, oldest first: a crash came between."""
    return list(
        session.execute(
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.status == "received",
                Message.sender == "patient",
                Message.created_at >= since,
                Conversation.channel == channel,
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
