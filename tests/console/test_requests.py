"""What the patient asks, as the hand-off's page shows it to staff."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.pathway.requests import with_choice, with_wish, with_words
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Patient
from bot.records.request_models import CareRequest
from bot.records.staff_models import MessageTranslation, Staff, Team
from bot.services.conversations import open_conversation
from bot.services.identity import start_identity
from bot.services.requests.making import make_request, place_request
from bot.services.requests.settling import note_changes, take_back
from tests.console.conftest import Browser, Console
from tests.console.opened import BORN, claimed, write, zofia
from tests.console.seen import words
from tests.records.making import an_appointment
from tests.site.running import nhs_number


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def client(console: Console, amara: Staff) -> Browser:
    return console.client(amara)


def asked(console: Console, kind: str, *, known: bool = True, **wishes: object) -> CareRequest:
    """Zofia, or somebody who isn't verified, asks at the page."""
    patient = zofia(console).patient
    with console.transaction() as session:
        talk = open_conversation(session, "web", console.now)
        talk.language = "pl"
        row = session.get(Patient, patient.id)
        starts = console.now + timedelta(days=9)
        an_appointment(session, row, clinic="Heart Clinic", starts_at=starts)
        identity = None
        if known:
            identity = start_identity(session, talk.id, row.id, "invitation", console.now)
        made = make_request(session, talk.id, kind, console.now, identity=identity)
        if identity is not None and kind == "another_day":
            made, _ = place_request(session, made, identity, console.now)
        made.wishes = dict(wishes)
        return made


def panel(client: Browser, row: CareRequest) -> str:
    return words(client.get(f"/handoffs/{row.handoff_id}/panel", background=True).text)


def test_the_page_says_what_is_asked_in_plain_english(
    console: Console, team: Team, client: Browser
) -> None:
    wishes = with_words({}, "only when it does not rain")
    for wish in ("mornings", "tue", "weekend", "2_weeks", "short_notice"):
        wishes = with_wish(wishes, wish)
    row = asked(console, "another_day", **wishes)
    told = panel(client, row)
    for said in (
        "Asks for another day",
        "Heart Clinic, booked",
        "Part of day Mornings",
        "Days Tuesday, Saturday, Sunday",
        "From when In 2 weeks or later",
        "Short notice Can come",
        "In the patient’s words: only when it does not rain",
    ):
        assert said in told
    assert "The record has changed" not in told


def test_words_stand_beside_their_machine_translation(
    console: Console, team: Team, client: Browser
) -> None:
    row = asked(console, "another_day", words=["tylko we wtorki"])
    message = write(console, row.conversation_id, "tylko we wtorki")
    with console.transaction() as session:
        english = {"language": "en", "state": "done", "text": "only on Tuesdays"}
        session.add(MessageTranslation(message_id=message.id, provider="deepl", **english))
    told = panel(client, row)
    assert "tylko we wtorki In English, translated by a machine: only on Tuesdays" in told


def test_a_change_of_the_record_is_said(console: Console, team: Team, client: Browser) -> None:
    row = asked(console, "another_day")
    with console.transaction() as session:
        session.get(Appointment, row.appointment_id).status = "cancelled_by_hospital"
        session.flush()
        note_changes(session, console.now)
    told = panel(client, row)
    assert "The record has changed since: when this was asked it was" in told
    assert "cancelled by the hospital" in told
    assert "Closed" in told


def test_what_was_taken_back_is_said_to_who_holds_the_task(
    console: Console, team: Team, amara: Staff, client: Browser
) -> None:
    row = asked(console, "another_day")
    with console.transaction() as session:
        handoff = session.get(Handoff, row.handoff_id)
    claimed(console, amara, handoff)
    with console.transaction() as session:
        identity = session.query(IdentitySession).one()
        take_back(session, identity, row.appointment_id, ("another_day",), console.now)
    told = panel(client, row)
    assert "The patient has taken this back." in told


def test_support_shows_beside_the_patients_other_tasks(
    console: Console, team: Team, client: Browser
) -> None:
    row = asked(console, "another_day")
    with console.transaction() as session:
        identity = session.query(IdentitySession).one()
        talk = identity.conversation_id
        support = make_request(session, talk, "access", console.now, identity=identity)
        support.wishes = with_choice({}, "support", "wheelchair")
        spoken = make_request(session, talk, "interpreter", console.now, identity=identity)
        spoken.wishes = with_choice({}, "languages", "pl")
    told = panel(client, row)
    assert "Asks for support" in told and "Space for a wheelchair" in told
    assert "Asks for an interpreter" in told and "Polish (polski)" in told


def test_of_somebody_unverified_the_words_show_and_nothing_of_a_record(
    console: Console, team: Team, client: Browser
) -> None:
    row = asked(console, "another_day", known=False, words=["mornings only"])
    told = panel(client, row)
    assert "mornings only" in told
    assert "Not shown: it is not known who asks" in told
    assert "Heart Clinic" not in told


def test_another_patient_in_the_same_chat_hides_the_appointment(
    console: Console, team: Team, client: Browser
) -> None:
    row = asked(console, "another_day")
    with console.transaction() as session:
        other = Patient(nhs_number=nhs_number(202), birth_date=BORN)
        session.add(other)
        session.flush()
        start_identity(session, row.conversation_id, other.id, "code", console.now)
    told = panel(client, row)
    assert "Not shown: it is not known who asks" in told
    assert "Heart Clinic" not in told
