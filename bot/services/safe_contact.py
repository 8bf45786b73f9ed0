"""Whether messages may be pushed to a conversation in which a safeguarding need was disclosed.

Nothing is, until staff have recorded that it is safe (design.md, section 6): whoever hurts the
patient may hold the phone. Asked by `services.updates`; recorded in the console.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.pathway.red_flags import Card
from bot.records.chat_models import Conversation, Message
from bot.records.staff_models import Staff
from bot.services.audit import audit
from bot.services.handoffs import handoff_held_by
from bot.services.live import note_event

SAFEGUARDING_CARD = f"utter_card_{Card.SAFEGUARDING.value}"


def disclosed_at(session: Session, conversation_id: str) -> datetime | None:
    """When safeguarding last came up, by what the patient wrote or the card that answered it;
    None: never."""
    return session.execute(
        select(func.max(Message.created_at)).where(
            Message.conversation_id == conversation_id,
            or_(
                Message.red_flag["card"].as_string() == Card.SAFEGUARDING.value,
                Message.response.contains(SAFEGUARDING_CARD),
            ),
        )
    ).scalar_one_or_none()


def may_be_pushed_to(session: Session, conversation_id: str) -> bool:
    """False after a disclosure, until staff recorded since that messages are safe here."""
    disclosed = disclosed_at(session, conversation_id)
    if disclosed is None:
        return True
    safe = session.get(Conversation, conversation_id).safe_contact_at
    return safe is not None and safe >= disclosed


def record_safe_contact(session: Session, staff: Staff, handoff_id: str, now: datetime) -> None:
    """Staff have asked the patient, alone: messages may be sent here.

    Raises:
        NotFound: none that this person may see.
        NotHolder: somebody else has the hand-off, or nobody.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    conversation = session.get(Conversation, handoff.conversation_id)
    conversation.safe_contact_at = now
    actor = f"staff:{staff.id}"
    audit(session, actor, "safe_contact_recorded", "conversation", conversation.id)
    note_event(session, "handoff", handoff=handoff)
