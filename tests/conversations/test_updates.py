"""Updates through the front door: asked for, told after an import, seen, and stopped."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.models import Patient
from bot.records.session import transaction
from bot.records.update_models import Subscription
from bot.services.import_records import import_records
from tests.conversations.people import BORN_TYPED
from tests.conversations.test_telegram import eventually
from tests.site.patient import PatientPage
from tests.site.running import Site, add_patient, nhs_number
from tests.site.sentences import button, sentence, texts
from tests.site.telegram_patient import TelegramPatient

pytestmark = pytest.mark.slow
PAYLOADS = Path(__file__).parent.parent / "payloads"
CLINIC = "Larkfield"
"""Of the hospital that the imported referral names."""
ON_PAGE, ON_TELEGRAM = "utter_updates_started", "utter_updates_started_on_telegram"
STOP, SHOW, TELL = "button_stop_updates", "utter_update_news", "button_updates"


class Feed:
    """One patient's referral in e-RS, imported as it moves."""

    def __init__(self, tmp_path: Path, index: int) -> None:
        self.number = nhs_number(index)
        self._path, self._version = tmp_path, 0
        self._ubrn = f"{index:012}"
        with transaction() as session:
            add_patient(session, self.number, birth_date=date(1970, 1, 2))

    def says(self, code: str) -> None:
        """Import the referral in another state of e-RS."""
        self._version += 1
        made = json.loads((PAYLOADS / "ers_stu3/referral_not_booked.json").read_text())
        made["id"], made["meta"]["versionId"] = self._ubrn, str(self._version)
        made["subject"]["identifier"]["value"] = self.number
        made["identifier"][0]["value"] = self._ubrn
        _set_state(made, code)
        file = self._path / f"{self._version}.json"
        file.write_text(json.dumps(made))
        with transaction() as session:
            report = import_records(session, [file], utc_now())
        assert report.as_dict()["imported"] == {"referrals": 1}, report.rejected


def _set_state(made: dict[str, Any], code: str) -> None:
    for extension in made["extension"]:
        for inner in extension.get("extension", ()):
            if inner["url"] == "state":
                inner["valueCoding"]["code"] = code


@pytest.fixture
def index(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def feed(tmp_path: Path, index: int) -> Feed:
    made = Feed(tmp_path, index)
    made.says("NOT_BOOKED")
    return made


def came(page: PatientPage, text: str) -> bool:
    """Whether something with these words stands on the open page."""
    return eventually(lambda: any(text in said.text for said in page.heard), 15)


def stored(conversation: str) -> int:
    """How many messages a conversation has."""
    with transaction() as session:
        rows = select(Message.id).where(Message.conversation_id == conversation)
        return len(session.execute(rows).all())


@pytest.mark.parametrize("index", [690], indirect=True)
def test_a_patient_at_the_page_asks_is_told_and_stops(site: Site, feed: Feed) -> None:
    with site.open_page(link=site.invite(feed.number)) as page:
        asked = page.say("please tell me when something happens")
        assert sentence("utter_ask_identity_form_date_of_birth") == asked[-1].text
        told = page.say(BORN_TYPED)[-1].text
        assert told.split("\n\n") == [sentence("utter_identity_succeeded"), sentence(ON_PAGE)]
        assert "since 4 May 2026" in page.say("please tell me when something happens")[-1].text
        feed.says("AWAITING_TRIAGE")
        assert came(page, "A hospital team is reading your referral")
        assert page.heard[-1].private
        said = page.say("stop")[-1].text
        assert said.endswith(sentence("utter_updates_go_on"))
        feed.says("REJECTED")
        assert came(page, sentence(SHOW))
        assert page.heard[-1].text == sentence(SHOW) and not page.heard[-1].private
        page.press(button(SHOW, 0))  # asks who it is: the invitation is used up
        for word in (feed.number, BORN_TYPED):
            page.say(word)
        assert "did not accept this referral" in page.say(site.code())[-1].text
        feed.says("AWAITING_TRIAGE")
        assert eventually(lambda: "A hospital team" in page.heard[-1].text, 15)
        assert texts(page.press(sentence(STOP))) == [sentence("utter_updates_off")]
        before = stored(page.conversation)
        feed.says("REJECTED")
        with transaction() as session:
            row = session.execute(
                select(Subscription).where(Subscription.conversation_id == page.conversation)
            ).scalar_one()
            assert row.ended_reason == "stopped"
        assert not eventually(lambda: stored(page.conversation) > before, 4)
        assert texts(page.say("stop sending me messages"))[-1] == sentence("utter_updates_were_off")


@pytest.mark.parametrize("index", [691], indirect=True)
def test_a_status_offers_updates_once_they_are_off(site: Site, feed: Feed) -> None:
    with site.signed_in(feed.number, BORN_TYPED) as page:
        assert sentence(TELL) in page.heard[-1].buttons
        page.press(sentence(TELL))
        assert sentence(TELL) not in page.say("where is my referral?")[-1].buttons
        page.press(button(ON_PAGE, 0))
        assert sentence(TELL) not in page.say("where is my referral?")[-1].buttons


@pytest.mark.parametrize("index", [692], indirect=True)
def test_a_polish_patient_on_telegram_asks_is_told_little_and_stops_with_one_tap(
    site: Site, feed: Feed
) -> None:
    with site.open_chat(language="pl") as patient:
        patient.say("proszę mnie powiadomić, kiedy coś się zmieni")
        patient.say(feed.number)
        patient.say("2 stycznia 1970")
        assert patient.say(site.code())[-1].text.endswith(sentence(ON_TELEGRAM, "pl"))
        feed.says("AWAITING_TRIAGE")
        (told,) = patient.wait_for(1, 20)
        assert sentence("utter_status_in_triage_unnamed", "pl") in told.text
        assert not told.private and CLINIC not in told.text
        stopped = patient.press(sentence(STOP, "pl"))
        assert texts(stopped) == [sentence("utter_updates_off", "pl")]


@pytest.mark.parametrize("index", [693], indirect=True)
def test_leaving_ends_updates(site: Site, feed: Feed) -> None:
    def running(page: PatientPage | TelegramPatient) -> bool:
        with transaction() as session:
            rows = select(Subscription).where(
                Subscription.conversation_id == page.conversation, Subscription.ended_at.is_(None)
            )
            return session.execute(rows).first() is not None

    with site.open_chat(link=site.invite(feed.number)) as patient:
        patient.say("tell me when something happens")
        patient.say(BORN_TYPED)
        assert running(patient)
        conversation = patient.conversation
        patient.api.send(patient.number, patient.user, text="/stop")
        patient.wait_for(1)
        with transaction() as session:
            row = session.execute(
                select(Subscription).where(Subscription.conversation_id == conversation)
            ).scalar_one()
            assert row.ended_reason == "left"
            assert session.get(Patient, row.patient_id).nhs_number == feed.number
