"""The patient leaves: signed out, and the conversation is closed for good.

Called by the page. A chat that waits is taken back; who holds one sees that nobody is there.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.conversations import end_conversation
from bot.services.handoffs import open_chat_of, withdraw_handoff
from bot.services.identity import end_identity
from bot.services.live import note_event
from bot.services.updates import end_subscription


def leave_conversation(session: Session, conversation_id: str, now: datetime) -> None:
    """End identity, updates and conversation."""
    withdraw_handoff(session, conversation_id, now)
    handoff = open_chat_of(session, conversation_id)
    if handoff is not None:
        note_event(session, "handoff", handoff=handoff)
    end_identity(session, conversation_id, now, "left")
    end_subscription(session, conversation_id, now, "left")
    end_conversation(session, conversation_id, now)
