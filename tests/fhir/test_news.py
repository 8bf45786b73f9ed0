"""What an import notes for those who want to be told: each change once, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from written_payloads import NOW, payload

from bot.records.chat_models import Conversation
from bot.records.models import Appointment, Patient, Referral
from bot.records.update_models import Subscription, Update

LATER = NOW + timedelta(days=1)
NOT_BOOKED, BOOKED = "ers_stu3/referral_not_booked.json", "ers_stu3/referral_booked.json"


def subscribe(session: Session) -> None:
    """Every patient that is known, in a conversation of their own."""
    for patient in session.scalars(select(Patient)).all():
        talk = Conversation(channel="web", created_at=NOW)
        session.add(talk)
        session.flush()
        known = {"conversation_id": talk.id, "patient_id": patient.id, "started_at": NOW}
        session.add(Subscription(**known))
    session.flush()


def noted(session: Session) -> list[str]:
    """The kinds of what was noted, in order."""
    return list(session.scalars(select(Update.kind).order_by(Update.id)))


@pytest.fixture
def not_booked(load: Any, session: Session) -> Referral:
    """A subscribed patient's referral, without an appointment."""
    load(NOT_BOOKED)
    subscribe(session)
    return session.scalars(select(Referral)).one()


def moved_appointment(**fields: Any) -> Any:
    """The booked referral again, newer, its appointment changed."""
    made = payload(BOOKED)
    made["meta"] = made["meta"] | {"versionId": "99"}
    for one in made["contained"]:
        if one["resourceType"] == "Appointment":
            reference = f"ReferralRequest/{made['id']}/_history/99"
            one |= {"incomingReferral": [{"reference": reference}], **fields}
    return made


def test_a_move_with_its_appointment_is_one_note(
    load: Any, session: Session, not_booked: Referral
) -> None:
    load(BOOKED, now=LATER)
    (update,) = session.scalars(select(Update)).all()
    assert (update.kind, update.referral_id) == ("state", not_booked.id)
    assert update.detail["before"] == "to_book"


def test_the_same_import_again_notes_nothing(
    load: Any, session: Session, not_booked: Referral
) -> None:
    load(BOOKED, now=LATER)
    load(BOOKED, now=LATER + timedelta(hours=1))
    assert noted(session) == ["state"]


def test_an_older_entry_notes_nothing(load: Any, session: Session) -> None:
    load(BOOKED)
    subscribe(session)
    load(NOT_BOOKED, now=LATER)
    assert noted(session) == []


def test_another_time_of_the_same_appointment_is_noted_with_the_old_one(
    load: Any, session: Session
) -> None:
    load(BOOKED)
    subscribe(session)
    row = session.scalars(select(Appointment)).one()
    was_at = row.starts_at
    load(moved_appointment(start="2026-06-19T13:30:00.000Z"), now=LATER)
    (update,) = session.scalars(select(Update)).all()
    assert (update.kind, update.appointment_id) == ("appointment", row.id)
    assert update.detail["was_at"] == was_at.isoformat()
    assert row.starts_at != was_at


def test_a_first_import_for_a_subscribed_patient_is_news(load: Any, session: Session) -> None:
    load(NOT_BOOKED)
    subscribe(session)
    patient = session.scalars(select(Patient)).one()
    other = payload("ers_stu3/referral_deferred.json")
    other["subject"]["identifier"]["value"] = str(patient.nhs_number)
    load(other, now=LATER)
    assert noted(session) == ["state"]
