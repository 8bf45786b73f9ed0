"""Hand-offs and messages that tests of figures, issues and their pages need."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.staff_models import Team
from tests.records.making import NOW, a_conversation


def a_handoff(
    session: Session, team: Team, conversation: Conversation | None = None, **fields: object
) -> Handoff:
    """Opened at NOW, to be answered within an hour, unless `fields` say otherwise."""
    conversation = conversation or a_conversation(session)
    opened = fields.get("created_at", NOW)
    known = {
        "kind": "chat",
        "reason": "asked_for",
        "priority": 2,
        "created_at": opened,
        "updated_at": opened,
        "reply_due_at": opened + timedelta(hours=1),
        **fields,
    }
    row = Handoff(conversation_id=conversation.id, team_id=team.id, **known)
    session.add(row)
    session.flush()
    return row


def a_message(session: Session, conversation: Conversation, **fields: object) -> Message:
    """What the patient typed, unless `fields` say otherwise."""
    known = {"sender": "patient", "text": "Hello", "status": "answered", "created_at": NOW}
    row = Message(conversation_id=conversation.id, seq=conversation.next_seq, **{**known, **fields})
    conversation.next_seq += 1
    session.add(row)
    session.flush()
    return row
