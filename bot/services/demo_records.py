"""The demo's patients: invented people at real hospitals, in states worth trying.

Dates are relative to today, so that the demo is never stale. NHS numbers are from the 999 range,
phone numbers from Ofcom's range for drama. The waiting times are six rows of NHS England's
referral-to-treatment statistics, March 2026 (bot/data/demo/waiting_times.csv).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.states import State
from bot.records.models import (
    Appointment,
    Organisation,
    OrganisationContact,
    Patient,
    Referral,
    ReferralState,
)
from bot.services.audit import audit
from bot.services.import_waits import import_waits
from bot.services.invitations import issue_invitation

SOURCE = "demo"
WAITS = Path(__file__).resolve().parent.parent / "data" / "demo" / "waiting_times.csv"
WAITS_PERIOD = "2026-03"
WAITS_SOURCE = "NHS England, referral-to-treatment waiting times, March 2026"

HOSPITALS = {
    "RJZ": ("King's College Hospital", "020 7946 0110"),
    "RJ1": ("Guy's and St Thomas' Hospital", "020 7946 0120"),
    "RJ2": ("Lewisham Hospital", "020 7946 0130"),
}
PRACTICE = ("Y99901", "Walworth Road Surgery (demo)", "020 7946 0140")


@dataclass(frozen=True)
class DemoReferral:
    """One referral: days are days ago."""

    state: State
    provider: str
    specialty_code: str
    specialty: str
    referred_days: int
    since_days: int
    priority: str = "routine"
    review_in_days: int | None = None
    appointment_in_days: int | None = None


@dataclass(frozen=True)
class DemoPatient:
    """One patient, with what a newcomer needs to sign in as them."""

    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    postcode: str
    language: str
    shows: str
    referrals: tuple[DemoReferral, ...] = field(default=())


PATIENTS = (
    DemoPatient(
        "9990001014",
        "Zofia",
        "Wzorek",
        date(1961, 5, 3),
        "SE17 1AA",
        "pl",
        "a hospital team is reading the referral",
        (DemoReferral(State.IN_TRIAGE, "RJZ", "C_110", "Orthopaedics", 24, 20, review_in_days=6),),
    ),
    DemoPatient(
        "9990002029",
        "Yusuf",
        "Namudhaji",
        date(1974, 11, 19),
        "SE5 9AA",
        "ar",
        "two referrals: an appointment, and a waiting list",
        (
            DemoReferral(State.BOOKED, "RJ1", "C_320", "Cardiology", 48, 9, appointment_in_days=16),
            DemoReferral(State.WAITING_LIST, "RJZ", "C_301", "Gastroenterology", 80, 62),
        ),
    ),
    DemoPatient(
        "9990003033",
        "Shirin",
        "Udaharan",
        date(1985, 2, 21),
        "SE13 6AA",
        "bn",
        "on a waiting list for more than 18 weeks",
        (DemoReferral(State.WAITING_LIST, "RJ2", "C_502", "Gynaecology", 150, 120),),
    ),
    DemoPatient(
        "9990004048",
        "Marisol",
        "Ejemplo",
        date(1990, 8, 7),
        "SE1 9AA",
        "es",
        "the hospital should have made an appointment by now",
        (
            DemoReferral(
                State.HOSPITAL_TO_BOOK, "RJ1", "C_330", "Dermatology", 60, 40, review_in_days=-8
            ),
        ),
    ),
    DemoPatient(
        "9990005052",
        "Arthur",
        "Sample",
        date(1949, 12, 30),
        "SE8 4AA",
        "en",
        "an urgent referral that nobody has answered",
        (
            DemoReferral(
                State.TO_BOOK, "RJ2", "C_110", "Orthopaedics", 17, 16, priority="two_week_wait"
            ),
        ),
    ),
    DemoPatient(
        "9990006067",
        "Grace",
        "Specimen",
        date(1958, 3, 14),
        "SE15 5AA",
        "en",
        "no referral that Waymark can see",
    ),
)


def load_demo(session: Session, now: datetime) -> int:
    """Write the demo's records, or bring their dates up to today; returns how many patients."""
    practice = _organisation(session, PRACTICE[0], PRACTICE[1], "gp_practice", PRACTICE[2])
    hospitals = {
        code: _organisation(session, code, name, "hospital", phone)
        for code, (name, phone) in HOSPITALS.items()
    }
    for number, demo in enumerate(PATIENTS, start=1):
        patient = session.execute(
            select(Patient).where(Patient.nhs_number == demo.nhs_number)
        ).scalar_one_or_none() or Patient(nhs_number=demo.nhs_number)
        patient.given_name, patient.family_name = demo.given_name, demo.family_name
        patient.birth_date, patient.postcode = demo.birth_date, demo.postcode
        patient.phone, patient.language = f"07700 9001{number:02}", demo.language
        patient.gp_practice_id = practice.id
        session.add(patient)
        session.flush()
        for index, referral in enumerate(demo.referrals):
            key = f"{demo.nhs_number[-4:]}-{index}"
            _referral(session, patient, practice, hospitals, referral, key, now)
    import_waits(session, WAITS, period=WAITS_PERIOD, source=WAITS_SOURCE)
    audit(session, "demo", "records_loaded", "import", count=len(PATIENTS))
    return len(PATIENTS)


def demo_invitation(session: Session, now: datetime) -> tuple[DemoPatient, str]:
    """A fresh invitation for the first demo patient: (patient, token)."""
    demo = PATIENTS[0]
    patient = session.execute(
        select(Patient).where(Patient.nhs_number == demo.nhs_number)
    ).scalar_one()
    return demo, issue_invitation(session, patient.id, "demo", now)


def _organisation(session: Session, code: str, name: str, kind: str, phone: str) -> Organisation:
    row = session.execute(
        select(Organisation).where(Organisation.ods_code == code)
    ).scalar_one_or_none()
    if row is None:
        row = Organisation(ods_code=code, name=name, kind=kind)
        session.add(row)
        session.flush()
        session.add(
            OrganisationContact(
                organisation_id=row.id, name=name, phone=phone, hours="Mon-Fri 09:00-17:00"
            )
        )
    return row


def _referral(
    session: Session,
    patient: Patient,
    practice: Organisation,
    hospitals: dict[str, Organisation],
    demo: DemoReferral,
    key: str,
    now: datetime,
) -> None:
    today = now.date()
    row = session.execute(
        select(Referral).where(Referral.source == SOURCE, Referral.source_id == key)
    ).scalar_one_or_none()
    values: dict[str, Any] = {
        "provider_id": hospitals[demo.provider].id,
        "referrer_id": practice.id,
        "specialty_code": demo.specialty_code,
        "specialty": demo.specialty,
        "priority": demo.priority,
        "state": demo.state.value,
        "state_since": today - timedelta(days=demo.since_days),
        "referred_on": today - timedelta(days=demo.referred_days),
        "clock_start": today - timedelta(days=demo.referred_days),
        "checked_at": now,
    }
    if demo.review_in_days is not None:
        values["review_due"] = today + timedelta(days=demo.review_in_days)
    if row is None:
        row = Referral(patient_id=patient.id, source=SOURCE, source_id=key, **values)
        session.add(row)
        session.flush()
        session.add(
            ReferralState(
                referral_id=row.id, state=row.state, since=row.state_since, recorded_at=now
            )
        )
    else:
        for name, value in values.items():
            setattr(row, name, value)
    if demo.appointment_in_days is not None:
        _appointment(session, row, demo, now)


def _appointment(session: Session, referral: Referral, demo: DemoReferral, now: datetime) -> None:
    day = now + timedelta(days=demo.appointment_in_days or 0)
    row = session.execute(
        select(Appointment).where(
            Appointment.source == SOURCE, Appointment.source_id == referral.source_id
        )
    ).scalar_one_or_none() or Appointment(source=SOURCE, source_id=referral.source_id)
    row.patient_id, row.referral_id = referral.patient_id, referral.id
    row.provider_id, row.specialty = referral.provider_id, demo.specialty
    row.status, row.medium = "booked", "face_to_face"
    row.starts_at = day.replace(hour=9, minute=40, second=0, microsecond=0)
    row.clinic, row.address = "Outpatient clinic, second floor", "Westminster Bridge Road, SE1"
    row.checked_at = now
    session.add(row)
