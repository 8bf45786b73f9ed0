"""When the bot is silent: while a chat is claimed and staff have not been silent themselves.

`with_coordinator` is what the door asks before each turn and before each answer is stored; the
slot of the same name follows it and is reconciled by the worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.services.audit import audit
from bot.services.handoffs.telling import changed, set_slot, tell
from bot.settings import get_settings

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
    for handoff in silent:
        name = handoff.claimed_by.first_name
        handoff.state, handoff.claimed_by_id, handoff.claimed_at = "waiting", None, None
        handoff.priority = max(1, handoff.priority - 1)
        audit(session, "worker", "handoff_returned", "handoff", handoff.id)
        set_slot(session, handoff.conversation_id, False, now)
        said = ["utter_coordinator_silent"]
        tell(session, handoff.conversation_id, said, now, {"name": name})
        changed(session, handoff, now)
    return len(silent)


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
