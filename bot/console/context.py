"""What stands beside a chat: the patient as far as verified, referrals judged now, what was told.

Called by `bot.console.chat` inside its transaction; `chat_panel.html.j2` shows it. Without a
verified patient there is no record data in it at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.console import times
from bot.console.message_sides import Piece
from bot.console.queue_rows import name_of, state_words
from bot.console.referral_context import NOT_RECORDED, ReferralContext, Row, referrals_of
from bot.console.request_context import RequestContext, requests_beside
from bot.console.transcript import Entry
from bot.console.words import (
    BASES,
    CALL_STATES,
    IDENTITY_METHODS,
    KINDS,
    LEFT_WITH,
    REASONS,
    SCOPES,
    language_name,
)
from bot.records import staff_queries
from bot.records.chat_models import Handoff
from bot.records.models import Patient
from bot.records.staff_models import InterpreterCall, Staff
from bot.services.interpreters import MOVES
from bot.services.known_patient import KnownPatient
from bot.services.reveal import written


@dataclass(frozen=True)
class Told:
    """An answer from the record that the assistant gave: when, in English, its number."""

    seq: int
    at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Note:
    """What a colleague wrote for staff."""

    who: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Call:
    """A line of the interpreter log. open: something can still become of it."""

    id: int
    words: str
    open: bool
    provider: str
    reference: str


@dataclass(frozen=True)
class Work:
    """Of any hand-off: notes, interpreter calls, and other hand-offs (id, words)."""

    notes: tuple[Note, ...]
    calls: tuple[Call, ...]
    earlier: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Context:
    """The panel. patient: None: NOT VERIFIED."""

    known: KnownPatient | None
    name: str | None
    identity: str | None
    carer: str | None
    patient: tuple[Row, ...]
    handoff: tuple[Row, ...]
    needs: tuple[Row, ...]
    requests: tuple[RequestContext, ...]
    referrals: tuple[ReferralContext, ...]
    told: tuple[Told, ...]
    work: Work


def context_of(
    session: Session,
    staff: Staff,
    handoff: Handoff,
    known: KnownPatient | None,
    transcript: list[Entry],
    now: datetime,
) -> Context:
    """Everything beside the chat.

    Args:
        known: of whom the hand-off is; None: nobody is verified.
        transcript: for what was told from the record.
    """
    referrals = referrals_of(session, handoff, known, now) if known else ()
    return Context(
        known=known,
        name=name_of(known),
        identity=_identity(known, now),
        carer=_carer(known),
        patient=patient_rows(known.patient) if known else (),
        handoff=handoff_rows(handoff, now),
        needs=_needs(handoff, known),
        requests=requests_beside(session, handoff, known, now),
        referrals=referrals,
        told=_told(transcript),
        work=work_of(session, staff, handoff, now),
    )


def work_of(session: Session, staff: Staff, handoff: Handoff, now: datetime) -> Work:
    """What colleagues did and know."""
    calls = staff_queries.interpreter_calls_of(session, handoff)
    notes = staff_queries.notes_of(session, handoff)
    earlier = staff_queries.earlier_handoffs(session, staff, handoff)
    return Work(
        notes=tuple(Note(_name(note.staff), note.created_at, note.text) for note in notes),
        calls=tuple(_call(call, now) for call in calls),
        earlier=tuple((one.id, _earlier(one, now)) for one in earlier),
    )


def _identity(known: KnownPatient | None, now: datetime) -> str | None:
    if known is None:
        return None
    method = IDENTITY_METHODS[known.identity.method]
    if known.until is None:
        return f"Verified {method}, {times.exact(known.identity.started_at, now)}"
    return f"Was verified {method} until {times.exact(known.until, now)}"


def _carer(known: KnownPatient | None) -> str | None:
    """Who asks for the patient, and by what right; None: the patient themself."""
    access = known.identity.carer_access if known else None
    if known is None or access is None:
        return None
    who = f"{access.carer.given_name} {access.carer.family_name}"
    return (
        f"Carer: {who} for {known.patient.given_name} {known.patient.family_name}, "
        f"{BASES[access.basis].lower()}, {SCOPES[access.scope].lower()}, "
        f"until {times.day(access.review_on)}"
    )


def patient_rows(patient: Patient) -> tuple[Row, ...]:
    """What is recorded of a patient."""
    number = written("nhs-number", patient.nhs_number) if patient.nhs_number else NOT_RECORDED
    return (
        ("Date of birth", times.day(patient.birth_date)),
        ("NHS number", number),
        ("Phone on record", patient.phone or NOT_RECORDED),
        ("GP practice", patient.gp_practice.name if patient.gp_practice else NOT_RECORDED),
    )


def handoff_rows(handoff: Handoff, now: datetime) -> tuple[Row, ...]:
    """When it was opened, for whom and why."""
    rows = [
        ("Kind", KINDS[handoff.kind]),
        ("Reason", REASONS[handoff.reason]),
        ("Opened", times.exact(handoff.created_at, now)),
        ("Team", handoff.team.name),
    ]
    if handoff.times_raised > 1:
        rows.append(("Raised", f"{handoff.times_raised} times"))
    if handoff.conversation_id is None:
        rows.append(("To be looked at", f"by {times.exact(handoff.reply_due_at, now)}"))
    elif handoff.first_reply_at:
        rows.append(("First reply", times.exact(handoff.first_reply_at, now)))
    else:
        rows.append(("Reply due", times.exact(handoff.reply_due_at, now)))
    if handoff.reopened_from_id:
        rows.append(("Reopened", "What was left had not moved by its date"))
    return tuple(rows)


def _needs(handoff: Handoff, known: KnownPatient | None) -> tuple[Row, ...]:
    chat = ("Language of the chat", language_name(handoff.conversation.language))
    return (chat, *(needs_rows(known.patient) if known else ()))


def needs_rows(patient: Patient) -> tuple[Row, ...]:
    """Language and access. An interpreter on a referral proves no booking."""
    rows = [("Language on record", language_name((patient.language or "")[:2] or None))]
    needed = {True: "Needed", False: "Not needed", None: NOT_RECORDED}
    rows.append(("Interpreter", needed[patient.interpreter_required]))
    if any(referral.interpreter_requested for referral in patient.referrals):
        rows.append(("On the referral", "An interpreter was asked for: check that one is booked"))
    return tuple(rows)


def _told(transcript: list[Entry]) -> tuple[Told, ...]:
    """The answers from this patient's record, newest first."""
    return tuple(
        Told(entry.seq, entry.at, (entry.english or entry.original).pieces)
        for entry in reversed(transcript)
        if entry.from_record and not entry.hidden
    )


def _call(call: InterpreterCall, now: datetime) -> Call:
    parts = [
        language_name(call.language),
        CALL_STATES[call.state].lower(),
        call.provider,
        f"reference {call.reference}" if call.reference else None,
        f"{call.minutes} minutes" if call.minutes else None,
        times.exact(call.updated_at, now),
    ]
    return Call(
        id=call.id,
        words=", ".join(part for part in parts if part),
        open=call.state in MOVES,
        provider=call.provider or "",
        reference=call.reference or "",
    )


def _name(staff: Staff | None) -> str:
    return f"{staff.first_name} {staff.family_name}" if staff else "Waymark"


def _earlier(handoff: Handoff, now: datetime) -> str:
    said = f"{REASONS[handoff.reason]}, {times.exact(handoff.created_at, now)}: "
    said += state_words(handoff).lower()
    if handoff.left_with and handoff.left_with != "nobody":
        said += f"; left with: {LEFT_WITH[handoff.left_with].lower()}"
        said += f", by {times.day(handoff.left_due_on)}" if handoff.left_due_on else ""
    return said
