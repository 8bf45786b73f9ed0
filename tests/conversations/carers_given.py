"""The carer that a transcript's first `given:` block describes, with what staff recorded.

    name: Yusuf
    carer: Layla Example, 12 June 1999, SE5 9ZZ
    scope: appointments
    also for: Amina

`also for`: a second patient, whose referral is being read, and of whom all may be told.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.pathway.carer_rules import months_after
from bot.pathway.states import State
from bot.records.base import utc_now
from bot.records.carer_models import Carer, CarerAccess
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.services.carers.recording import CarerDetails, Consent, record_access
from tests.conversations.written import Written
from tests.site.running import add_patient, add_referral

PHONE = "07700 900555"


def add_carer(session: Session, written: Written, patient: Patient) -> None:
    """Record the file's carer, if it has one; whoever played it before may ask for nobody more."""
    first = written.given[0]
    if "carer" not in first:
        return
    patient.given_name = first["name"]
    name, born, postcode = first["carer"].split(", ")
    given, family = name.split(" ")
    details = CarerDetails(
        given, family, datetime.strptime(born, "%d %B %Y").date(), postcode, PHONE
    )
    end_all_access_of(session, details)
    allow(session, patient, details, first.get("scope", "all"))
    if "also for" in first:
        other = add_patient(session, _other_number(patient), given_name=first["also for"])
        add_referral(session, other, State.IN_TRIAGE)
        allow(session, other, details, "all")


def allow(
    session: Session, patient: Patient, details: CarerDetails, scope: str = "all"
) -> CarerAccess:
    """What a member of staff records."""
    staff = session.execute(select(Staff).order_by(Staff.email)).scalars().first()
    review_on = months_after(utc_now().date(), 12)
    consent = Consent("consent", scope, review_on, asked_alone=True, interpreter_used=True)
    return record_access(session, staff, patient, details, consent, utc_now())


def end_all_access_of(session: Session, details: CarerDetails) -> None:
    """Of an earlier play of the same file."""
    known = select(Carer.id).where(
        Carer.birth_date == details.birth_date, Carer.postcode == details.postcode
    )
    session.execute(
        update(CarerAccess)
        .where(CarerAccess.carer_id.in_(known), CarerAccess.ended_at.is_(None))
        .values(ended_at=utc_now(), ended_reason="played again")
        .execution_options(synchronize_session=False)
    )


def _other_number(patient: Patient) -> str:
    """Of no other test: in the range 9997, which `nhs_number` doesn't reach."""
    return f"9997{patient.nhs_number[4:]}"
