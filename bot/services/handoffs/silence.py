"""When the bot is silent: while a chat is claimed and staff have not been silent themselves.

`with_coordinator` is what the door asks before each turn and before each answer is stored; the
slot of the same name follows it and is reconciled by the worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, Handoff
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.handoffs.telling import back_to_queue, changed, set_slot, tell
from bot.services.identity import current_identity
from bot.settings import get_settings

SHOW_WHO_I_AM = "/ask_referral_status"
"""The quick reply under "Our team has written to you"; see domain.yml."""
RECONCILE_WITHIN = timedelta(days=1)
"""How far back a change of a hand-off is looked at again."""


def with_coordinator(session: Session, conversation_id: str, now: datetime) -> bool:
    """Whether a person has the conversation just now."""
    last = session.execute(
        select(Handoff.last_staff_at).where(
            Handoff.conversation_id == conversation_id,
            Handoff.kind == "chat",
            Handoff.state == "claimed",
        )
    ).scalar_one_or_none()
    return last is not None and last > now - _silence()


def bot_is_silent(
    session: Session, conversation_id: str, now: datetime, payload: str | None = None
) -> bool:
    """Whether the bot leaves this turn to the coordinator: not while it asks who the patient is,
    so that they can read what waits behind that.

    Args:
        payload: of the quick reply that the turn begins with.
    """
    if not with_coordinator(session, conversation_id, now):
        return False
    if session.get(Conversation, conversation_id).awaiting:
        return False
    wants_to_verify = payload == SHOW_WHO_I_AM
    return not wants_to_verify or current_identity(session, conversation_id, now) is not None


def return_silent(session: Session, now: datetime) -> int:
    """Put chats back into the queue whose coordinator has been silent too long; returns how many.

    The patient is told, and the bot answers again.
    """
    silent = list(
        session.execute(
            select(Handoff).where(
                Handoff.kind == "chat",
                Handoff.state == "claimed",
                Handoff.last_staff_at <= now - _silence(),
            )
        ).scalars()
    )
    count = 0
    for handoff in silent:
        lock_conversation(session, handoff.conversation_id)
        session.refresh(handoff, with_for_update=True)
        if handoff.state != "claimed" or handoff.last_staff_at > now - _silence():
            continue  # somebody wrote or resolved it meanwhile
        name = handoff.claimed_by.first_name
        back_to_queue(handoff, now)
        handoff.priority = max(1, handoff.priority - 1)
        count += 1
        audit(session, "worker", "handoff_returned", "handoff", handoff.id)
        set_slot(session, handoff.conversation_id, False, now)
        said = ["utter_coordinator_silent"]
        tell(session, handoff.conversation_id, said, now, {"name": name})
        changed(session, handoff, now)
    return count


def reconcile_slots(session: Session, now: datetime) -> int:
    """Queue the slot event of every chat that changed lately, once more; returns how many.

    Delivery looks at the tracker first, so an event that changes nothing is not written. It
    makes good what was lost with a tracker store that was put back from a backup.
    """
    changed_lately = select(Handoff.conversation_id).where(
        Handoff.kind == "chat", Handoff.updated_at > now - RECONCILE_WITHIN
    )
    conversations = list(session.execute(changed_lately.distinct()).scalars())
    for conversation_id in conversations:
        silent = with_coordinator(session, conversation_id, now)
        set_slot(session, conversation_id, silent, now)
    return len(conversations)


def _silence() -> timedelta:
    return timedelta(hours=get_settings().handoff_silence_hours)
