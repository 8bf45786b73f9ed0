"""The sheet to print or read out: the chat's own sentences, in both languages, when verified."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound, NotVerified
from bot.pathway.states import State
from bot.records.chat_models import Handoff
from bot.records.models import Appointment, Patient
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.identity import end_identity, start_identity
from bot.services.status_sheet import StatusSheet, status_sheet
from tests.records.making import a_hospital, a_referral
from tests.services.handoff_making import NOW, a_colleague, a_handoff, audited, zofia


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def amara(session: Session) -> Staff:
    return a_colleague(session)


@pytest.fixture
def patient(session: Session) -> Patient:
    return zofia(session)


def verified(session: Session, patient: Patient, language: str = "pl") -> Handoff:
    handoff = a_handoff(session, language=language)
    start_identity(session, handoff.conversation_id, patient.id, "code", NOW)
    return handoff


def texts(sheet: StatusSheet) -> list[str]:
    return [paragraph.text for part in sheet.parts for paragraph in part.paragraphs]


def english(sheet: StatusSheet) -> list[str]:
    return [paragraph.english for part in sheet.parts for paragraph in part.paragraphs]


def test_each_referral_has_a_part_in_both_languages(
    session: Session, amara: Staff, patient: Patient
) -> None:
    where = {"provider_id": a_hospital(session).id, "specialty_code": "C_110"}
    a_referral(session, patient, State.WAITING_LIST, **where)
    a_referral(session, patient, State.IN_TRIAGE, priority="urgent", **where)
    handoff = verified(session, patient)
    sheet = status_sheet(session, amara, handoff.id, NOW)
    assert (sheet.language, sheet.direction, sheet.until) == ("pl", "ltr", None)
    assert [part.heading.text for part in sheet.parts] == [
        "Hospital RZ9: kości i stawy (ortopedia), kwiecień 2026",
    ] * 2
    assert english(sheet)[0].startswith("A hospital team is reading your referral")
    assert english(sheet)[3].startswith("You are on the hospital's waiting list")
    assert all(text != other for text, other in zip(texts(sheet), english(sheet)))
    assert english(sheet)[-1] == "Checked on 4 May 2026."
    assert texts(sheet)[-1] == "Sprawdzono 4 maja 2026."


def test_an_appointment_is_told_with_its_place(
    session: Session, amara: Staff, patient: Patient
) -> None:
    referral = a_referral(session, patient, State.BOOKED, provider_id=a_hospital(session).id)
    session.add(
        Appointment(
            patient_id=patient.id,
            referral_id=referral.id,
            source="tests",
            source_id="1",
            status="booked",
            starts_at=NOW + timedelta(days=16),
            medium="face_to_face",
            clinic="Clinic 4",
            address="Westminster Bridge Road",
            checked_at=NOW,
        )
    )
    session.flush()
    sheet = status_sheet(session, amara, verified(session, patient).id, NOW)
    assert "Clinic 4, Westminster Bridge Road" in " ".join(english(sheet))
    assert "Wednesday" in " ".join(english(sheet))
    assert "środa" in " ".join(texts(sheet))


def test_right_to_left_languages_say_so(session: Session, amara: Staff, patient: Patient) -> None:
    sheet = status_sheet(session, amara, verified(session, patient, "ar").id, NOW)
    assert (sheet.language, sheet.direction) == ("ar", "rtl")


def test_no_referral_in_sight_is_never_none_at_all(
    session: Session, amara: Staff, patient: Patient
) -> None:
    sheet = status_sheet(session, amara, verified(session, patient, "en").id, NOW)
    assert "That does not mean there is none" in english(sheet)[0]
    assert sheet.parts[0].heading is None


def test_a_language_without_a_catalogue_gets_english(
    session: Session, amara: Staff, patient: Patient
) -> None:
    sheet = status_sheet(session, amara, verified(session, patient, "tlh").id, NOW)
    assert sheet.language == "en"


def test_suspected_cancer_is_never_named_on_it(
    session: Session, amara: Staff, patient: Patient
) -> None:
    a_referral(
        session,
        patient,
        State.IN_TRIAGE,
        priority="two_week_wait",
        specialty="2WW Skin cancer",
        referred_on=date(2026, 4, 20),
    )
    sheet = status_sheet(session, amara, verified(session, patient).id, NOW)
    whole = " ".join([*texts(sheet), *english(sheet), sheet.parts[0].heading.english])
    assert "Your GP asked for this to be urgent" in whole
    assert "cancer" not in whole.lower()
    assert "2WW" not in whole


def test_nobody_verified_means_no_sheet(session: Session, amara: Staff) -> None:
    with pytest.raises(NotVerified, match="Verify them first"):
        status_sheet(session, amara, a_handoff(session).id, NOW)
    assert audited(session, "status_sheet_made") == []


def test_after_the_session_it_says_until_when_the_patient_was_verified(
    session: Session, amara: Staff, patient: Patient
) -> None:
    handoff = verified(session, patient)
    later: datetime = NOW + timedelta(minutes=5)
    end_identity(session, handoff.conversation_id, later, "stopped")
    assert status_sheet(session, amara, handoff.id, later + timedelta(hours=2)).until == later


def test_making_it_is_audited(session: Session, amara: Staff, patient: Patient) -> None:
    handoff = verified(session, patient)
    status_sheet(session, amara, handoff.id, NOW)
    assert audited(session, "status_sheet_made") == [
        {"actor": f"staff:{amara.id}", "subject": handoff.id}
    ]


def test_another_team_gets_none(session: Session, patient: Patient) -> None:
    stranger = a_colleague(session, "Dai", team="Elsewhere")
    with pytest.raises(NotFound):
        status_sheet(session, stranger, verified(session, patient).id, NOW)
