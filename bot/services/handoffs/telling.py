"""What the patient is told of a hand-off, in the words of the catalogues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.language.sentences import sentence
from bot.records.chat_models import Conversation, Handoff, Message
from bot.services import outbox
from bot.services.live import note_event
from bot.services.office import site_office_hours, target_minutes
from bot.services.transcript import Answer, store_answer


def tell(
    session: Session,
    conversation_id: str | None,
    names: list[str],
    now: datetime,
    values: dict[str, Any] | None = None,
) -> Message | None:
    """Say something by ourselves, each name a paragraph; None when the patient has left, or when
    there is no conversation."""
    conversation = session.get(Conversation, conversation_id) if conversation_id else None
    if conversation_id is None or conversation is None or conversation.ended_at is not None:
        return None
    channel = conversation.channel
    said = [sentence(name, conversation.language, values, channel) for name in names]
    english = "\n\n".join(sentence(name, "en", values, channel).text for name in names)
    answer = Answer(
        text="\n\n".join(one.text for one in said),
        language=said[0].language,
        responses=tuple(names),
        buttons=[{"title": b.title, "payload": b.payload} for one in said for b in one.buttons],
        english=english,
    )
    return store_answer(session, conversation_id, answer, now)


def set_slot(session: Session, conversation_id: str, silent: bool, now: datetime) -> None:
    """Queue the slot event that silences Rasa's dialogue, or gives it back its voice."""
    slot = {"with_coordinator": silent}
    outbox.put(session, "slot", slot, now, conversation_id=conversation_id)


def back_to_queue(handoff: Handoff, now: datetime) -> None:
    """Nobody holds it any more: it waits, an offer is over, and its time to answer runs anew."""
    handoff.state, handoff.claimed_by_id, handoff.claimed_at = "waiting", None, None
    handoff.transfer_staff_id = handoff.transfer_team_id = None
    handoff.transfer_note = handoff.transfer_at = None
    handoff.escalation = 0
    handoff.reply_due_at = site_office_hours().add_minutes(now, target_minutes(handoff))


def changed(session: Session, handoff: Handoff, now: datetime) -> None:
    """The hand-off is new to everybody who looks at it."""
    handoff.updated_at = now
    note_event(session, "handoff", handoff=handoff)
