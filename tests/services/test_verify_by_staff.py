"""A coordinator verifies a patient: the same records open, and the same never do, as elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound, NotHolder, Refused
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.identity import Claim, attempts, current_identity, minutes_to_wait, start_identity
from bot.services.verify_by_staff import verify_by_staff
from bot.settings import get_settings
from tests.records.making import a_patient
from tests.services.handoff_making import (
    BORN,
    NOW,
    NUMBER,
    a_colleague,
    a_handoff,
    audited,
    zofia,
)
from tests.site.running import nhs_number

BY_NUMBER = Claim(BORN, nhs_number=NUMBER, postcode="SE17 1AA")
BY_NAME = Claim(BORN, family_name="wzorek", postcode="SE17 1AA")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def amara(session: Session) -> Staff:
    return a_colleague(session)


@pytest.mark.parametrize("claim", [BY_NUMBER, BY_NAME, replace(BY_NUMBER, postcode="se171aa")])
def test_right_details_start_an_identity_session(
    session: Session, amara: Staff, claim: Claim
) -> None:
    patient, handoff = zofia(session), a_handoff(session, amara)
    row = verify_by_staff(session, amara, handoff.id, claim, "phone", NOW)
    assert row is not None
    assert (row.patient_id, row.method) == (patient.id, "staff")
    assert current_identity(session, handoff.conversation_id, NOW) == row
    assert handoff.patient_id == patient.id
    assert audited(session, "patient_verified") == [
        {
            "actor": f"staff:{amara.id}",
            "subject": handoff.id,
            "way": "phone",
            "identity": row.id,
        }
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"restricted": True},
        {"deceased": True},
        {"flagged_by_staff": True},
        {"superseded_by": nhs_number(102)},
        {"birth_date": None},
        {"postcode": None},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_some_records_never_open(session: Session, amara: Staff, fields: dict[str, object]) -> None:
    zofia(session, **fields)
    handoff = a_handoff(session, amara)
    assert verify_by_staff(session, amara, handoff.id, BY_NUMBER, "in_person", NOW) is None
    assert current_identity(session, handoff.conversation_id, NOW) is None
    assert audited(session, "verify_refused") == [
        {"actor": f"staff:{amara.id}", "subject": handoff.id, "way": "in_person"}
    ]


def test_nobody_under_16_is_verified(session: Session, amara: Staff) -> None:
    born = date(2012, 1, 2)
    zofia(session, birth_date=born)
    handoff = a_handoff(session, amara)
    claim = replace(BY_NUMBER, birth_date=born)
    assert verify_by_staff(session, amara, handoff.id, claim, "phone", NOW) is None


@pytest.mark.parametrize(
    "claim",
    [
        replace(BY_NUMBER, birth_date=date(1961, 5, 4)),
        replace(BY_NUMBER, nhs_number=nhs_number(103)),
        replace(BY_NUMBER, postcode="SE17 1AB"),
        replace(BY_NUMBER, postcode=None),
        replace(BY_NAME, family_name="Nowak"),
    ],
)
def test_one_wrong_detail_is_enough_to_refuse(session: Session, amara: Staff, claim: Claim) -> None:
    zofia(session)
    handoff = a_handoff(session, amara)
    assert verify_by_staff(session, amara, handoff.id, claim, "phone", NOW) is None


def test_two_patients_with_one_name_and_postcode_are_nobody(session: Session, amara: Staff) -> None:
    zofia(session)
    twin = {"birth_date": BORN, "family_name": "Wzorek", "postcode": "SE17 1AA"}
    a_patient(session, nhs_number(104), **twin)
    handoff = a_handoff(session, amara)
    assert verify_by_staff(session, amara, handoff.id, BY_NAME, "phone", NOW) is None


def test_only_the_holder_may_verify(session: Session, amara: Staff) -> None:
    zofia(session)
    handoff = a_handoff(session, amara)
    ben, stranger = a_colleague(session, "Ben"), a_colleague(session, "Dai", team="Elsewhere")
    with pytest.raises(NotHolder):
        verify_by_staff(session, ben, handoff.id, BY_NUMBER, "phone", NOW)
    with pytest.raises(NotFound):
        verify_by_staff(session, stranger, handoff.id, BY_NUMBER, "phone", NOW)


def test_nobody_is_verified_in_a_chat_that_was_left(session: Session, amara: Staff) -> None:
    zofia(session)
    handoff = a_handoff(session, amara)
    handoff.conversation.ended_at = NOW
    with pytest.raises(Refused, match="left this chat"):
        verify_by_staff(session, amara, handoff.id, BY_NUMBER, "phone", NOW)


def test_verifying_again_keeps_the_running_session_and_its_answers(
    session: Session, amara: Staff
) -> None:
    patient = zofia(session)
    handoff = a_handoff(session, amara)
    before = start_identity(session, handoff.conversation_id, patient.id, "code", NOW)
    again = verify_by_staff(session, amara, handoff.id, BY_NUMBER, "phone", NOW)
    assert again == before
    assert session.execute(select(IdentitySession)).scalars().all() == [before]


def test_somebody_else_ends_the_session_before(session: Session, amara: Staff) -> None:
    other = a_patient(session, nhs_number(105))
    zofia(session)
    handoff = a_handoff(session, amara)
    before = start_identity(session, handoff.conversation_id, other.id, "code", NOW)
    verify_by_staff(session, amara, handoff.id, BY_NUMBER, "phone", NOW)
    assert before.ended_at == NOW


def test_wrong_tries_are_counted_for_the_coordinator_and_never_against_the_patient(
    session: Session, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = get_settings().copy(update={"identity_tries": 3, "identity_window_minutes": 60})
    monkeypatch.setattr(attempts, "get_settings", lambda: few)
    zofia(session)
    handoff = a_handoff(session, amara)
    wrong = replace(BY_NUMBER, postcode="SE17 9ZZ")
    for _ in range(3):
        assert verify_by_staff(session, amara, handoff.id, wrong, "phone", NOW) is None
    with pytest.raises(Refused, match="Wait 61 minutes"):
        verify_by_staff(session, amara, handoff.id, BY_NUMBER, "phone", NOW)
    assert minutes_to_wait(session, handoff.conversation_id, NUMBER, NOW) == 0
    later = NOW + timedelta(minutes=61)
    assert verify_by_staff(session, amara, handoff.id, BY_NUMBER, "phone", later) is not None
