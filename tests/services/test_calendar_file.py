"""The calendar file: a program reads in it what the patient may know, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import Message
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment
from bot.records.session import transaction
from bot.services.calendar_file import calendar_of, file_of
from bot.services.identity import end_identity
from bot.services.transcript import Answer, store_answer
from tests.records.making import (
    NOW,
    a_conversation,
    a_hospital,
    a_patient,
    an_appointment,
    an_identity,
)
from tests.site.running import nhs_number

SUMMER = datetime(2026, 5, 13, 14, 20, tzinfo=timezone.utc)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def identity(session: Session) -> IdentitySession:
    return an_identity(session, a_patient(session, nhs_number(320)))


@pytest.fixture
def appointment(session: Session, identity: IdentitySession) -> Appointment:
    return an_appointment(
        session,
        identity.patient,
        starts_at=SUMMER,
        provider_id=a_hospital(session).id,
        clinic="Heart Clinic, Level 3",
        address="Westminster Bridge Road; London",
        specialty="Cardiology",
    )


def event(content: bytes) -> Any:
    (found,) = Calendar.from_ical(content).walk("VEVENT")
    return found


def message(session: Session, identity: IdentitySession, attachment: str) -> Message:
    answer = Answer("Here", "en", ("utter_calendar_file",), private=True, attachment=attachment)
    return store_answer(session, identity.conversation_id, answer, NOW)


def test_a_calendar_reads_time_place_and_reminder(appointment: Appointment) -> None:
    found = event(calendar_of(appointment, "en", NOW, named=True))
    assert found.decoded("dtstart") == SUMMER
    assert found.decoded("dtend") == SUMMER + timedelta(minutes=30)
    assert found.decoded("dtstamp") == NOW
    assert str(found["location"]) == (
        "Heart Clinic, Level 3, Hospital RZ9, Westminster Bridge Road; London"
    )
    assert str(found["summary"]) == "Hospital appointment"
    (alarm,) = found.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(days=-1)


def test_told_little_it_names_no_hospital_clinic_or_address(appointment: Appointment) -> None:
    text = calendar_of(appointment, "en", NOW, named=False).decode()
    for name in ("Hospital", "hospital", "Heart", "Westminster", "Cardiology", "LOCATION"):
        assert name not in text


def test_the_kind_of_care_is_never_named(appointment: Appointment) -> None:
    appointment.clinic = "2WW breast clinic"
    text = calendar_of(appointment, "en", NOW, named=True).decode()
    assert "Cardiology" not in text
    assert "2WW" not in text


@pytest.mark.parametrize("medium", ["telephone", "video"])
def test_a_call_has_no_place(appointment: Appointment, medium: str) -> None:
    appointment.medium = medium
    assert "location" not in event(calendar_of(appointment, "en", NOW, named=True))


def test_a_moved_appointment_takes_the_old_ones_place(appointment: Appointment) -> None:
    before = event(calendar_of(appointment, "en", NOW, named=True))
    appointment.starts_at = SUMMER + timedelta(days=7)
    after = event(calendar_of(appointment, "en", NOW + timedelta(hours=1), named=True))
    assert before["uid"] == after["uid"]
    assert after["sequence"] > before["sequence"]


@pytest.mark.parametrize("language", ["ar", "bn", "es", "pl"])
def test_it_speaks_the_patients_language(appointment: Appointment, language: str) -> None:
    found = event(calendar_of(appointment, language, NOW, named=True))
    assert str(found["summary"]) != "Hospital appointment"


def test_a_message_gives_its_file_while_its_patient_is_signed_in(
    session: Session, identity: IdentitySession, appointment: Appointment
) -> None:
    row = message(session, identity, f"calendar:{appointment.id}")
    found = file_of(session, row, NOW)
    assert found is not None
    assert event(found.content).decoded("dtstart") == SUMMER
    end_identity(session, identity.conversation_id, NOW, "stopped")
    assert file_of(session, row, NOW) is None


@pytest.mark.parametrize("status", ["cancelled_by_hospital", "offered", "missed"])
def test_what_does_not_stand_has_no_file(
    session: Session, identity: IdentitySession, appointment: Appointment, status: str
) -> None:
    row = message(session, identity, f"calendar:{appointment.id}")
    appointment.status = status
    assert file_of(session, row, NOW) is None


def test_nobody_gets_another_patients_file(
    session: Session, identity: IdentitySession, appointment: Appointment
) -> None:
    other = an_identity(session, a_patient(session, nhs_number(321)), a_conversation(session))
    row = message(session, other, f"calendar:{appointment.id}")
    assert file_of(session, row, NOW) is None
    assert file_of(session, message(session, identity, "calendar:nonsense"), NOW) is None
    assert file_of(session, message(session, identity, "other:1"), NOW) is None
