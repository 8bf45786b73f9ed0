"""Rows that the tests of records and services need; each with what its table demands."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from sqlalchemy.orm import Session

from bot.pathway.states import State
from bot.records.base import new_id
from bot.records.chat_models import Conversation
from bot.records.identity_models import IdentitySession
from bot.records.models import (
    Appointment,
    Organisation,
    OrganisationContact,
    Patient,
    Referral,
)
from bot.records.staff_models import Membership, Staff, Team

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=timezone.utc)


def a_conversation(session: Session, **fields: object) -> Conversation:
    row = Conversation(**{"channel": "web", "created_at": NOW, **fields})
    session.add(row)
    session.flush()
    return row


def a_patient(session: Session, number: str, **fields: object) -> Patient:
    row = Patient(nhs_number=number, **{"birth_date": date(1970, 1, 2), **fields})
    session.add(row)
    session.flush()
    return row


def an_identity(
    session: Session, patient: Patient, conversation: Conversation | None = None, **fields: object
) -> IdentitySession:
    conversation = conversation or a_conversation(session)
    known = {"method": "invitation", "started_at": NOW, "last_seen_at": NOW, **fields}
    row = IdentitySession(conversation_id=conversation.id, patient_id=patient.id, **known)
    session.add(row)
    session.flush()
    return row


def a_hospital(session: Session, code: str = "RZ9", **fields: object) -> Organisation:
    row = Organisation(ods_code=code, name=f"Hospital {code}", kind="hospital", **fields)
    session.add(row)
    session.flush()
    session.add(OrganisationContact(organisation_id=row.id, name="Booking", phone="020 7946 0100"))
    session.flush()
    return row


def a_referral(
    session: Session, patient: Patient, state: State = State.IN_TRIAGE, **fields: object
) -> Referral:
    known = {
        "source": "tests",
        "source_id": f"{patient.nhs_number}-{state.value}-{len(fields)}",
        "checked_at": NOW,
        "referred_on": date(2026, 4, 1),
        **fields,
    }
    row = Referral(patient_id=patient.id, state=state.value, **known)
    session.add(row)
    session.flush()
    return row


def a_team(session: Session, name: str = "Outpatients", **fields: object) -> Team:
    row = Team(name=name, **fields)
    session.add(row)
    session.flush()
    return row


def a_coordinator(session: Session, first_name: str, *teams: Team, **fields: object) -> Staff:
    known = {
        "email": f"{first_name.lower()}@example.org",
        "first_name": first_name,
        "family_name": "Example",
        "job_title": "patient coordinator",
        "password_hash": "none",
        **fields,
    }
    row = Staff(**known)
    session.add(row)
    session.flush()
    for team in teams:
        session.add(Membership(staff_id=row.id, team_id=team.id))
    session.flush()
    return row


def an_appointment(session: Session, patient: Patient, **fields: object) -> Appointment:
    """Booked, in nine days."""
    known = {
        "source": "tests",
        "source_id": new_id(),
        "status": "booked",
        "starts_at": NOW + timedelta(days=9),
        "checked_at": NOW,
        **fields,
    }
    row = Appointment(patient_id=patient.id, **known)
    session.add(row)
    session.flush()
    return row
