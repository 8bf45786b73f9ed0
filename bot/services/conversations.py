"""Conversations: opened by a channel, their language, and what they were last asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.records.chat_models import Conversation


def open_conversation(session: Session, channel: str, now: datetime) -> Conversation:
    """A new conversation on a channel ("web", "telegram")."""
    conversation = Conversation(channel=channel, created_at=now)
    session.add(conversation)
    session.flush()
    return conversation


def get_conversation(session: Session, conversation_id: str) -> Conversation:
    """The conversation.

    Raises:
        NotFound: there is none of that id, or it has ended.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.ended_at is not None:
        raise NotFound(f"No open conversation {conversation_id}. Start a new one.")
    return conversation


def lock_conversation(session: Session, conversation_id: str | None) -> None:
    """Hold the conversation's row until the transaction ends. Always taken before a hand-off's:
    who claims, answers or writes at the same moment waits here. None: a task of the watch, which
    has none."""
    if conversation_id is None:
        return
    session.execute(
        select(Conversation.id).where(Conversation.id == conversation_id).with_for_update()
    )


def end_conversation(session: Session, conversation_id: str, now: datetime) -> None:
    """The patient left: nothing can be written to it or read from it any more."""
    session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(ended_at=now)
    )


def set_awaiting(session: Session, conversation_id: str, awaiting: str | None) -> None:
    """Remember what was asked for, so that the door knows what digits may be."""
    session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(awaiting=awaiting)
    )


def set_language(
    session: Session, conversation_id: str, language: str, *, chosen: bool = False
) -> None:
    """The language of the newest answer; `chosen` when the patient picked it."""
    values = {"language": language} | ({"language_chosen": True} if chosen else {})
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(**values))
