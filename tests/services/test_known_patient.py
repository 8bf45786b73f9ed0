"""Of whom a hand-off is: the running identity session, else who was verified for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services.handoffs import open_handoff, resolve_handoff
from bot.services.identity import end_identity, start_identity
from bot.services.known_patient import known_patient, known_patients
from bot.settings import get_settings
from tests.records.making import a_conversation, a_patient
from tests.services.handoff_making import NOW, a_colleague, a_handoff, a_team, zofia
from tests.site.running import nhs_number

LATER = NOW + timedelta(minutes=10)
IDLE = timedelta(minutes=get_settings().identity_minutes)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


def verified(session: Session, patient: Patient) -> Handoff:
    """A hand-off opened while this patient was verified."""
    talk = a_conversation(session)
    start_identity(session, talk.id, patient.id, "code", NOW)
    return open_handoff(session, talk.id, "chat", "asked_for", NOW, team_id=a_team(session).id)


def test_without_an_identity_session_nobody_is_known(session: Session) -> None:
    assert known_patient(session, a_handoff(session), NOW) is None


def test_the_running_session_says_who_it_is(session: Session) -> None:
    patient = zofia(session)
    known = known_patient(session, verified(session, patient), LATER)
    assert known is not None
    assert (known.patient, known.until, known.other_before) == (patient, None, False)


def test_an_ended_session_says_until_when(session: Session) -> None:
    handoff = verified(session, zofia(session))
    end_identity(session, handoff.conversation_id, LATER, "stopped")
    known = known_patient(session, handoff, LATER + timedelta(hours=1))
    assert known is not None
    assert known.until == LATER


def test_a_session_that_nobody_has_ended_yet_is_over_by_the_clock(session: Session) -> None:
    handoff = verified(session, zofia(session))
    assert known_patient(session, handoff, NOW + IDLE - timedelta(seconds=1)).until is None
    assert known_patient(session, handoff, NOW + IDLE).until == NOW + IDLE


def test_who_was_verified_before_the_hand_off_only_is_not_its_patient(session: Session) -> None:
    talk = a_conversation(session)
    start_identity(session, talk.id, zofia(session).id, "code", NOW)
    end_identity(session, talk.id, NOW, "stopped")
    team = a_team(session)
    handoff = open_handoff(session, talk.id, "chat", "asked_for", LATER, team_id=team.id)
    assert known_patient(session, handoff, LATER) is None


def test_who_was_verified_while_it_was_open_stays_known(session: Session) -> None:
    handoff = a_handoff(session)
    patient = zofia(session)
    start_identity(session, handoff.conversation_id, patient.id, "staff", LATER)
    end_identity(session, handoff.conversation_id, LATER + timedelta(minutes=5), "idle")
    known = known_patient(session, handoff, LATER + timedelta(hours=1))
    assert known is not None
    assert known.patient == patient


def test_another_person_who_verifies_now_is_shown_with_a_warning(session: Session) -> None:
    handoff = verified(session, zofia(session))
    other = a_patient(session, nhs_number(102))
    start_identity(session, handoff.conversation_id, other.id, "code", LATER)
    known = known_patient(session, handoff, LATER)
    assert known is not None
    assert (known.patient, known.other_before) == (other, True)


def test_a_closed_hand_off_keeps_its_own_patient(session: Session) -> None:
    amara = a_colleague(session)
    unverified = a_handoff(session, amara)
    own = verified(session, zofia(session))
    how: dict[str, Any] = {"done": "x", "left_with": "nobody", "left_due_on": None}
    resolve_handoff(session, amara, unverified.id, NOW, **how)
    own.state, own.resolved_at = "resolved", LATER
    other = a_patient(session, nhs_number(102))
    for handoff in (unverified, own):
        start_identity(
            session, handoff.conversation_id, other.id, "code", LATER + timedelta(hours=1)
        )
    much_later = LATER + timedelta(hours=1, minutes=1)
    assert known_patient(session, unverified, much_later) is None
    assert known_patient(session, own, much_later).patient.family_name == "Wzorek"


@pytest.mark.parametrize(
    "field", [{"restricted": True}, {"flagged_by_staff": True}, {"birth_date": None}]
)
def test_a_record_that_may_no_longer_be_told_is_not_shown(
    session: Session, field: dict[str, Any]
) -> None:
    patient = zofia(session)
    handoff = verified(session, patient)
    for name, value in field.items():
        setattr(patient, name, value)
    assert known_patient(session, handoff, LATER) is None


def test_many_are_found_at_once_each_with_its_own(session: Session) -> None:
    patients = [a_patient(session, nhs_number(110 + n)) for n in range(4)]
    handoffs = [verified(session, patient) for patient in patients]
    found = known_patients(session, [*handoffs, a_handoff(session)], LATER)
    assert {key: known.patient for key, known in found.items()} == {
        handoff.id: patient for handoff, patient in zip(handoffs, patients)
    }
