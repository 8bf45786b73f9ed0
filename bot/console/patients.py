"""/patients: find a patient's hand-offs. For supervisors and administrators; each search audited.

The number or name travels in the body, never in an address: browsers and proxies keep those.
What is shown are hand-offs and conversations, no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console import times
from bot.console.pages import page
from bot.console.queue_rows import patient_name
from bot.console.security import form_of, staff_of
from bot.console.words import HANDOFF_STATES, KINDS, REASONS, language_name
from bot.errors import NotFound
from bot.records.base import utc_now
from bot.records.models import Patient
from bot.records.patient_search import conversations_of_patient, handoffs_of_patient
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.find_patients import find_patients

LONGEST = 200


@dataclass(frozen=True)
class Found:
    """A patient: id (None: not to be opened), name and birth date, their hand-offs (id, words),
    conversations in words."""

    id: str | None
    name: str
    born: str
    handoffs: tuple[tuple[str, str], ...]
    conversations: tuple[str, ...]


def show_search(request: Request) -> Response:
    """The form."""
    _check(request)
    return page(request, "patients.html.j2", text="", error=None, found=None)


def search(request: Request) -> Response:
    """Look somebody up."""
    _check(request)
    text = str(form_of(request).get("q", "")).strip()[:LONGEST]
    now = utc_now()
    with transaction() as session:
        staff = session.get(Staff, staff_of(request).id)
        patients = find_patients(session, staff, text, now) if text else []
        found = [_found(session, staff, patient, now) for patient in patients]
    error = None if text else "Write an NHS number, or a family name and a date of birth."
    status = 200 if text else 422
    return page(
        request, "patients.html.j2", status_code=status, text=text, error=error, found=found
    )


def _check(request: Request) -> None:
    if not staff_of(request).sees_patients:
        raise NotFound("Searching for patients is for supervisors.")


def _found(session: Session, staff: Staff, patient: Patient, now: datetime) -> Found:
    rows = handoffs_of_patient(session, staff, patient)
    shown = not (patient.restricted or patient.flagged_by_staff)
    return Found(
        id=patient.id if shown else None,
        name=patient_name(patient) if shown else "Restricted record",
        born=times.day(patient.birth_date) if shown else "Not shown",
        handoffs=tuple(
            (
                row.id,
                f"{KINDS[row.kind]}: {REASONS[row.reason]}, "
                f"{times.exact(row.created_at, now)}, {HANDOFF_STATES[row.state].lower()}",
            )
            for row in rows
        ),
        conversations=tuple(
            f"{times.exact(row.created_at, now)}, {row.channel} chat, "
            f"{language_name(row.language)}{', ended' if row.ended_at else ''}"
            for row in conversations_of_patient(session, staff, patient)
        ),
    )


routes = [
    Route("/patients", show_search),
    Route("/patients", search, methods=["POST"]),
]
