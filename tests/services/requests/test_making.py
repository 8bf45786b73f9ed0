"""A request: its task from the first moment, its appointment found, nobody else's touched."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import NotFound
from bot.pathway.requests import with_wish, with_words
from bot.records import queries
from bot.records.chat_models import Handoff
from bot.records.request_models import CareRequest
from bot.services.carers.recording import Consent, record_access
from bot.services.identity import start_carer_identity
from bot.services.requests.making import bind_requests, make_request, place_request
from bot.services.requests.reading import open_requests
from bot.services.requests.wishes import add_wishes
from tests.records.making import (
    NOW,
    a_conversation,
    a_coordinator,
    a_patient,
    an_appointment,
    an_identity,
)
from tests.services.conftest import Desk
from tests.services.requests.conftest import Asking
from tests.services.test_carers import LAYLA
from tests.site.running import nhs_number


def tasks(desk: Desk) -> list[tuple[str, int, str]]:
    rows = desk.session.execute(select(Handoff).order_by(Handoff.created_at)).scalars()
    return [(row.reason, row.priority, row.state) for row in rows]


def requests(desk: Desk) -> list[CareRequest]:
    return list(desk.session.execute(select(CareRequest)).scalars())


def test_a_request_of_a_verified_patient_is_about_their_only_coming_appointment(
    asking: Asking,
) -> None:
    row = asking.ask("another_day", words="not on Fridays")
    assert (row.patient_id, row.appointment_id) == (asking.patient.id, asking.appointment.id)
    assert row.asked_of["status"] == "booked"
    assert row.wishes == {"words": ["not on Fridays"]}
    assert tasks(asking.desk) == [("appointment_change", 2, "waiting")]


def test_a_confirmation_is_a_task_of_low_priority(asking: Asking) -> None:
    asking.ask("confirm")
    assert tasks(asking.desk) == [("appointment_change", 4, "waiting")]


def test_a_confirmation_after_a_change_raises_no_second_task_and_calms_none(
    asking: Asking,
) -> None:
    asking.ask("cannot_come")
    asking.ask("confirm")
    assert tasks(asking.desk) == [("appointment_change", 2, "waiting")]
    assert sorted((row.kind, row.state) for row in requests(asking.desk)) == [
        ("cannot_come", "withdrawn"),
        ("confirm", "asked"),
    ]


def test_asking_the_same_again_adds_words_to_the_one_request(asking: Asking) -> None:
    asking.ask("another_day", words="in June please")
    asking.ask("another_day", words="or July")
    (row,) = requests(asking.desk)
    assert row.wishes["words"] == ["in June please", "or July"]


def test_without_identity_the_task_stands_and_the_appointment_waits_for_it(
    asking: Asking,
) -> None:
    session, talk = asking.desk.session, a_conversation(asking.desk.session)
    wanted = asking.appointment.id
    row = make_request(session, talk.id, "cannot_come", NOW, identity=None, wanted=wanted)
    assert (row.patient_id, row.appointment_id) == (None, None)
    assert tasks(asking.desk) == [("appointment_change", 2, "waiting")]
    an_appointment(session, asking.patient, starts_at=NOW + timedelta(days=3))  # now there are two
    identity = an_identity(session, asking.patient, talk)
    bind_requests(session, identity, NOW)
    placed, choices = place_request(session, row, identity, NOW)
    assert (placed.patient_id, placed.appointment_id, choices) == (asking.patient.id, wanted, [])


def test_another_patients_appointment_is_never_taken_from_a_button(asking: Asking) -> None:
    other = a_patient(asking.desk.session, nhs_number(311))
    theirs = an_appointment(asking.desk.session, other)
    row = asking.ask("cannot_come", wanted=theirs.id)
    assert row.appointment_id == asking.appointment.id
    with pytest.raises(NotFound):
        queries.appointment_of(asking.desk.session, asking.identity, theirs.id)


def test_of_two_coming_appointments_the_patient_chooses(asking: Asking) -> None:
    session = asking.desk.session
    second = an_appointment(session, asking.patient, starts_at=NOW + timedelta(days=20))
    an_appointment(session, asking.patient, starts_at=NOW - timedelta(days=1))
    an_appointment(session, asking.patient, status="cancelled_by_hospital")
    talk = asking.identity.conversation_id
    row = make_request(session, talk, "cannot_come", NOW, identity=asking.identity)
    row, choices = place_request(session, row, asking.identity, NOW)
    assert [one.id for one in choices] == [asking.appointment.id, second.id]
    chosen = asking.ask("cannot_come", wanted=second.id)
    assert (chosen.id, chosen.appointment_id) == (row.id, second.id)


def test_with_no_coming_appointment_the_request_stands_without_one(desk: Desk) -> None:
    identity = an_identity(desk.session, a_patient(desk.session, nhs_number(312)))
    talk = identity.conversation_id
    row = make_request(desk.session, talk, "another_day", NOW, identity=identity)
    assert place_request(desk.session, row, identity, NOW) == (row, [])
    assert tasks(desk) == [("appointment_change", 2, "waiting")]


def test_what_somebody_asked_before_another_signed_out_is_not_the_next_ones(
    asking: Asking,
) -> None:
    session, talk = asking.desk.session, a_conversation(asking.desk.session)
    row = make_request(session, talk.id, "access", NOW, identity=None, words="a wheelchair")
    later = NOW + timedelta(minutes=5)
    other = a_patient(session, nhs_number(313))
    an_identity(session, other, talk, ended_at=later, ended_reason="stopped")
    identity = an_identity(session, asking.patient, talk, started_at=later, last_seen_at=later)
    bind_requests(session, identity, later)
    assert row.patient_id is None


def test_each_wish_is_stored_when_it_is_said(asking: Asking) -> None:
    row = asking.ask("another_day")
    for wish in ("mornings", "tue", "weekend", "days_done"):
        add_wishes(asking.desk.session, row, lambda old, w=wish: with_wish(old, w), NOW)
    add_wishes(asking.desk.session, row, lambda old: with_words(old, "my kids", "earliest"), NOW)
    asking.desk.session.expire_all()
    assert row.wishes == {
        "part_of_day": "morning",
        "weekdays": ["tue", "sat", "sun"],
        "earliest": "words",
        "words": ["my kids"],
    }


def test_a_carer_neither_reads_nor_takes_back_what_the_patient_asked(asking: Asking) -> None:
    session = asking.desk.session
    own = asking.ask("cannot_come")
    make_request(session, own.conversation_id, "interpreter", NOW, identity=asking.identity)
    staff = a_coordinator(session, "Sefa", asking.desk.team)
    consent = Consent("consent", "appointments", NOW.date() + timedelta(days=90), True, True)
    access = record_access(session, staff, asking.patient, LAYLA, consent, NOW)
    talk = a_conversation(session).id
    carer = start_carer_identity(session, talk, access.carer_id, NOW, access)
    assert open_requests(session, carer) == []
    row = make_request(session, talk, "confirm", NOW, identity=carer)
    row, _ = place_request(session, row, carer, NOW)
    assert (row.carer_access_id, row.state, own.state) == (access.id, "asked", "asked")
    assert [one.kind for one in open_requests(session, carer)] == ["confirm"]
    kinds = {one.kind for one in open_requests(session, asking.identity)}
    assert kinds == {"cannot_come", "interpreter"}
