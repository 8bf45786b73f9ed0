"""Staff record that somebody may ask for a patient.

Called by the console, and by the demo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import Refused
from bot.pathway.carer_rules import (
    CONSENT,
    LONGEST_REVIEW_MONTHS,
    PARENTAL,
    basis_holds,
    months_after,
)
from bot.pathway.folding import fold
from bot.records.carer_models import BASES, SCOPES, Carer, CarerAccess
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.services.audit import audit
from bot.services.site_days import local_day
from bot.services.who_may_be_told import record_is_open


@dataclass(frozen=True)
class CarerDetails:
    """Who the carer is, as staff made sure; the phone gets their one-time codes."""

    given_name: str
    family_name: str
    birth_date: date
    postcode: str
    phone: str


@dataclass(frozen=True)
class Consent:
    """By what right, for how much, until when, and how the patient was asked.

    basis, scope: of BASES and SCOPES. review_on: the last day it holds. interpreter_used: a
    professional one, or none was needed.
    """

    basis: str
    scope: str
    review_on: date
    asked_alone: bool
    interpreter_used: bool


def record_access(
    session: Session,
    staff: Staff,
    patient: Patient,
    details: CarerDetails,
    consent: Consent,
    now: datetime,
) -> CarerAccess:
    """Record one carer's access to one patient; a carer who is known already is not doubled.

    Raises:
        Refused: the rules of basis, age and review don't allow it, this carer has access to this
            patient already, or is known with another phone number.
    """
    _check(patient, details, consent, local_day(now))
    session.execute(select(Patient.id).where(Patient.id == patient.id).with_for_update())
    carer = _known_carer(session, details) or _new_carer(session, details, now)
    if _digits(carer.phone) != _digits(details.phone):
        _change_phone(session, staff, carer, details.phone)
    if _running_access(session, carer, patient) is not None:
        raise Refused("This person may ask for this patient already. Withdraw that first.")
    row = CarerAccess(
        carer_id=carer.id,
        patient_id=patient.id,
        basis=consent.basis,
        scope=consent.scope,
        review_on=consent.review_on,
        asked_alone=consent.asked_alone,
        interpreter_used=consent.interpreter_used,
        recorded_by_id=staff.id,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    audit(
        session,
        f"staff:{staff.id}",
        "access_recorded",
        "carer_access",
        row.id,
        patient=patient.id,
        carer=carer.id,
        basis=consent.basis,
        scope=consent.scope,
        review_on=consent.review_on.isoformat(),
    )
    return row


def _check(patient: Patient, details: CarerDetails, consent: Consent, today: date) -> None:
    if consent.basis not in BASES or consent.scope not in SCOPES:
        raise Refused("Choose the basis and the scope.")
    if not record_is_open(patient):
        raise Refused("This record may not be told to anybody here. Use your own record system.")
    if not basis_holds(consent.basis, patient.birth_date, today):
        raise Refused(wrong_age(consent.basis))
    if consent.basis == CONSENT and not consent.asked_alone:
        raise Refused("Ask the patient alone first. Consent counts only when they were alone.")
    if not today <= consent.review_on <= months_after(today, LONGEST_REVIEW_MONTHS):
        raise Refused(f"Choose a review date within {LONGEST_REVIEW_MONTHS} months.")
    if _same_person(patient, details):
        raise Refused("These are the patient's own details. Write those of the other person.")


def wrong_age(basis: str) -> str:
    """Why a basis doesn't fit the patient's age."""
    if basis == PARENTAL:
        return "Parental responsibility holds only below 16. Choose another basis."
    return "Below 16 only parental responsibility holds. Choose that, or ask your lead."


def _same_person(patient: Patient, details: CarerDetails) -> bool:
    names = [(one.given_name, one.family_name) for one in (patient, details)]
    same_name = fold(" ".join(map(str, names[0]))) == fold(" ".join(map(str, names[1])))
    return same_name and patient.birth_date == details.birth_date


def _known_carer(session: Session, details: CarerDetails) -> Carer | None:
    """The same name, date of birth and postcode."""
    found = session.execute(
        select(Carer)
        .where(Carer.birth_date == details.birth_date, Carer.postcode == details.postcode)
        .order_by(Carer.created_at)
    ).scalars()
    wanted = (fold(details.given_name), fold(details.family_name))
    return next((c for c in found if (fold(c.given_name), fold(c.family_name)) == wanted), None)


def _new_carer(session: Session, details: CarerDetails, now: datetime) -> Carer:
    carer = Carer(**vars(details), created_at=now)
    session.add(carer)
    session.flush()
    return carer


def _digits(phone: str) -> str:
    """A number as it is dialled within the country: "+44 7700 900120" is "07700900120"."""
    return re.sub(r"\D", "", re.sub(r"^\s*(?:\+|00)44", "0", phone))


def _change_phone(session: Session, staff: Staff, carer: Carer, phone: str) -> None:
    """Only while nothing hangs on the old number: whoever has the phone gets the codes."""
    running = select(CarerAccess.id).where(
        CarerAccess.carer_id == carer.id, CarerAccess.ended_at.is_(None)
    )
    if session.execute(running).first() is not None:
        raise Refused(
            "This person is known with another phone number. If it has changed, have their other "
            "access withdrawn first, then record it anew."
        )
    carer.phone = phone
    audit(session, f"staff:{staff.id}", "carer_phone_changed", "carer", carer.id)


def _running_access(session: Session, carer: Carer, patient: Patient) -> CarerAccess | None:
    return session.execute(
        select(CarerAccess).where(
            CarerAccess.carer_id == carer.id,
            CarerAccess.patient_id == patient.id,
            CarerAccess.ended_at.is_(None),
        )
    ).scalar_one_or_none()
