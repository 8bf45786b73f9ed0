"""Patients' requests for the console: those of a hand-off that the reader may see.

Called by `bot.console.request_context` with a hand-off that `staff_queries.handoff_of` gave.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff, Message
from bot.records.request_models import CareRequest
from bot.records.staff_models import MessageTranslation


def requests_of(session: Session, handoff: Handoff, patient_id: str | None) -> list[CareRequest]:
    """What was asked in a hand-off, or in the one that it goes on with; and what support its
    patient has asked for elsewhere that nobody has settled. Oldest first.

    Args:
        patient_id: whose hand-off it is; None: nobody is known, then only its own.
    """
    ids = [one for one in (handoff.id, handoff.reopened_from_id) if one]
    wanted = CareRequest.handoff_id.in_(ids)
    if patient_id is not None:
        support = and_(
            CareRequest.patient_id == patient_id,
            CareRequest.kind.in_(("interpreter", "access")),
            CareRequest.state == "asked",
        )
        wanted = or_(wanted, support)
    query = select(CareRequest).where(wanted)
    return list(session.execute(query.order_by(CareRequest.created_at, CareRequest.id)).scalars())


def translated(
    session: Session, conversation_id: str, texts: list[str], language: str
) -> dict[str, str]:
    """Of these texts, which the patient typed in a conversation, those that a machine has put into
    a language: text → translation."""
    rows = session.execute(
        select(Message.text, MessageTranslation.text)
        .join(MessageTranslation, MessageTranslation.message_id == Message.id)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender == "patient",
            Message.text.in_(texts),
            MessageTranslation.language == language,
            MessageTranslation.state == "done",
        )
        .order_by(Message.id)
    ).all()
    return dict(rows)
