"""What the holder does with a hand-off besides writing: notes, reading, typing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import NotHolder, WaymarkError
from bot.records.chat_models import Handoff
from bot.records.staff_models import HandoffNote, Staff
from bot.records.staff_queries import handoff_of
from bot.services import outbox
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.handoffs.opening import open_chat_of
from bot.services.live import note_event

TYPING_SECONDS = 6
"""How long a sign of typing is shown; the writer's page repeats it every 3 s."""


def handoff_held_by(session: Session, staff: Staff, handoff_id: str) -> Handoff:
    """The claimed hand-off, for writing.

    Raises:
        NotFound: none that this person may see.
        NotHolder: somebody else has it, or nobody, or it is closed; the message says which.
    """
    handoff = handoff_of(session, staff, handoff_id)
    lock_conversation(session, handoff.conversation_id)
    session.refresh(handoff, with_for_update=True)
    if handoff.state == "waiting":
        raise NotHolder("Nobody has taken this yet. Claim it first; your text is kept.")
    if handoff.state != "claimed":
        said = " The assistant answers the patient now." if handoff.conversation_id else ""
        raise NotHolder(f"This hand-off is closed.{said}")
    if handoff.claimed_by_id != staff.id:
        raise NotHolder(f"{handoff.claimed_by.first_name} has taken this over from you.")
    return handoff


def add_note(
    session: Session, staff: Staff, handoff_id: str, text: str, now: datetime
) -> HandoffNote:
    """Write a note for colleagues. Anybody of the team may; the patient never sees it.

    Raises:
        WaymarkError: an empty note.
    """
    handoff = handoff_of(session, staff, handoff_id)
    if not text.strip():
        raise WaymarkError("Write something into the note first.")
    note = HandoffNote(handoff_id=handoff.id, staff_id=staff.id, text=text.strip(), created_at=now)
    session.add(note)
    session.flush()
    audit(session, f"staff:{staff.id}", "note_added", "handoff", handoff.id, note=note.id)
    note_event(session, "note", handoff=handoff)
    return note


def mark_read(session: Session, staff: Staff, handoff_id: str, seq: int) -> None:
    """The holder has seen the messages up to this number; others' looks don't count."""
    handoff = handoff_of(session, staff, handoff_id)
    if handoff.conversation is None:
        return
    if handoff.claimed_by_id == staff.id and seq > handoff.read_seq:
        handoff.read_seq = min(seq, handoff.conversation.next_seq - 1)
        note_event(session, "handoff", handoff=handoff)


def staff_typing(session: Session, staff: Staff, handoff_id: str, now: datetime) -> None:
    """The holder is writing: the patient's page shows it for a few seconds."""
    handoff = handoff_held_by(session, staff, handoff_id)
    if handoff.kind == "chat":
        until = now + timedelta(seconds=TYPING_SECONDS)
        outbox.put(
            session,
            "typing",
            {"until": until.isoformat()},
            now,
            conversation_id=handoff.conversation_id,
        )


def patient_typing(session: Session, conversation_id: str, now: datetime) -> None:
    """The patient is writing: the console shows it for a few seconds, when a chat is open."""
    handoff = open_chat_of(session, conversation_id)
    if handoff is not None:
        until = now + timedelta(seconds=TYPING_SECONDS)
        note_event(session, "typing", handoff=handoff, data={"until": until.isoformat()})
