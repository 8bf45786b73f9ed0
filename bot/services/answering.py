"""Stores what the bot says in a turn, with all that follows from it, in one transaction.

Called by the channels' output (`bot.channels.output`). A red-flag card opens or raises the
clinical contact's task; a line about the wait is remembered, so that it can be kept up to date;
and while a coordinator has the chat, nothing but safety is said.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.records.chat_models import Message
from bot.services.conversations import lock_conversation, set_language
from bot.services.handoffs import (
    bot_is_silent,
    open_chat_of,
    open_handoff,
    remember_told,
    wait_of,
)
from bot.services.handoffs.waiting import WAITING, WAITING_CLOSED
from bot.services.transcript import ASK_CARD, CARD_PREFIX, Answer, store_answer

SAFETY = (CARD_PREFIX, ASK_CARD, "utter_emergency_")
"""Responses that are said even while a person has the chat."""
IDENTITY = ("utter_identity_failed", "utter_identity_limit", "utter_identity_no_code")


def may_be_said(answer: Answer) -> bool:
    """Whether an answer is about an emergency, or about who the patient is: a coordinator's
    message may wait behind that."""
    return any(name.startswith((*SAFETY, *IDENTITY)) for name in answer.responses)


def say_answer(
    session: Session,
    conversation_id: str,
    answer: Answer,
    now: datetime,
    *,
    reply_to: int | None = None,
    ordinal: int | None = None,
) -> Message | None:
    """Store one answer of a turn; None: a person has the chat, and this is not about safety."""
    lock_conversation(session, conversation_id)
    if not may_be_said(answer) and bot_is_silent(session, conversation_id, now):
        return None
    set_language(session, conversation_id, answer.language)
    row = store_answer(session, conversation_id, answer, now, reply_to=reply_to, ordinal=ordinal)
    if any(name.startswith(CARD_PREFIX) for name in answer.responses):
        _open_task(session, conversation_id, reply_to, now, priority=1)
    elif ASK_CARD in answer.responses:
        _open_task(session, conversation_id, reply_to, now, priority=2)
    if not {WAITING, WAITING_CLOSED}.isdisjoint(answer.responses):
        handoff = open_chat_of(session, conversation_id)
        if handoff is not None and handoff.state == "waiting":
            remember_told(session, handoff, wait_of(session, handoff, now), row)
    return row


def _open_task(
    session: Session, conversation_id: str, message_id: int | None, now: datetime, priority: int
) -> None:
    open_handoff(
        session,
        conversation_id,
        "task",
        "red_flag",
        now,
        message_id=message_id,
        priority=priority,
    )
