"""Hand-off through the front doors: a patient at the page, a coordinator at the console."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from bot.records.base import utc_now
from bot.records.chat_models import Handoff
from bot.records.session import transaction
from bot.services.identity import end_identity
from tests.conversations.conftest import Door, Talker
from tests.conversations.people import conversation_of
from tests.site.coordinator import Coordinator
from tests.site.patient import Said
from tests.site.running import Site
from tests.site.sentences import button, sentence, texts

pytestmark = pytest.mark.slow
WITHIN_SECONDS = 15
OFF_TOPIC = (
    "who won the football match yesterday",
    "tell me a joke about cats",
    "what is the capital city of France",
)


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def open_chat(page: Talker) -> Handoff | None:
    with transaction() as session:
        return session.execute(
            select(Handoff).where(
                Handoff.conversation_id == conversation_of(page),
                Handoff.kind == "chat",
                Handoff.state.in_(("waiting", "claimed")),
            )
        ).scalar_one_or_none()


def heard(page: Talker, start: str) -> Callable[[], list[Said]]:
    """What was said that begins so, below its author's name if a person wrote it."""
    return lambda: [
        said
        for said in list(page.heard)
        if said.text.startswith(start) or f"\n{start}" in said.text
    ]


@pytest.fixture(scope="module")
def amara(site: Site) -> Coordinator:
    return Coordinator(site.console)


@pytest.fixture
def page(door: Door) -> Iterator[Talker]:
    with door.open() as opened:
        yield opened


@pytest.fixture
def with_amara(page: Talker, amara: Coordinator) -> tuple[Talker, str]:
    """A patient whose chat Amara has claimed: (page, hand-off)."""
    page.say("I want to talk to a person")
    handoff = open_chat(page)
    assert handoff is not None
    amara.claim(handoff.id)
    until(heard(page, "Amara from our team is here now"))
    return page, handoff.id


def test_asking_for_a_person_tells_the_place_and_the_time(page: Talker) -> None:
    said = page.say("can I speak to a human please")
    assert said[0].text.startswith("A person from our team will read this")
    handoff = open_chat(page)
    assert handoff is not None and handoff.told_reply_by > utc_now()
    assert texts(page.say("what can you do?")) == [sentence("utter_capabilities")]


def test_the_patient_takes_the_request_back(page: Talker) -> None:
    page.say("can I speak to a human please")
    assert texts(page.press(button("utter_handoff_waiting", 0))) == [
        sentence("utter_handoff_withdrawn")
    ]
    assert open_chat(page) is None


def test_the_third_misunderstanding_calls_a_person(page: Talker) -> None:
    said = [page.say(text)[0].text for text in OFF_TOPIC]
    assert said[1] == sentence("utter_offer_person")
    assert said[2].startswith("A person from our team will read this")
    handoff = open_chat(page)
    assert handoff is not None and handoff.reason == "not_understood"


def test_with_a_coordinator_the_bot_is_silent_whatever_is_said(
    with_amara: tuple[Talker, str],
) -> None:
    page, _ = with_amara
    before = len(page.heard)
    for text in ("hello", "what can you do?", "/restart", "xkcd qwrty zzz", "thank you"):
        assert page.say(text) == []
    assert len(page.heard) == before


def test_a_red_flag_gets_its_card_also_with_a_coordinator_and_silence_goes_on(
    with_amara: tuple[Talker, str],
) -> None:
    page, _ = with_amara
    assert [said.kind for said in page.say("I have crushing chest pain right now")] == ["card"]
    assert page.say("thank you") == []


def test_both_write_and_the_bot_comes_back_after_the_resolve(
    with_amara: tuple[Talker, str], amara: Coordinator
) -> None:
    page, handoff = with_amara
    page.say("my letter never came")
    assert "my letter never came" in amara.read(handoff)
    amara.send(handoff, "I will ask the hospital.")
    until(heard(page, "I will ask the hospital."))
    amara.resolve(handoff, "Asked the hospital.")
    until(heard(page, "Amara has ended the talk"))
    assert texts(page.say("what can you do?")) == [sentence("utter_capabilities")]


def test_a_form_is_left_when_a_coordinator_joins(door: Door, amara: Coordinator) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        page.say("I want to talk to a person")
        handoff = open_chat(page)
        assert handoff is not None
        amara.claim(handoff.id)
        until(heard(page, "Amara from our team is here now"))
        assert page.say("hello") == []
        amara.resolve(handoff.id, "Helped.")
        until(heard(page, "Amara has ended the talk"))
        assert texts(page.say("thank you")) == [sentence("utter_thank")]


def test_what_a_coordinator_sends_twice_comes_once(
    with_amara: tuple[Talker, str], amara: Coordinator
) -> None:
    page, handoff = with_amara
    for _ in range(2):
        amara.send(handoff, "Only once.", "the-same-form")
    amara.send(handoff, "And then this.")
    until(heard(page, "And then this."))
    lines = [m["text"].splitlines()[-1] for m in page.history()]
    assert lines[-2:] == ["Only once.", "And then this."]


def test_a_patient_shows_again_who_they_are_to_read_what_a_coordinator_wrote(
    door: Door, amara: Coordinator
) -> None:
    with door.open(link=door.site.invite("9990001014")) as page:
        page.say("where is my referral")
        page.say("3 May 1961")
        page.say("I want to talk to a person")
        handoff = open_chat(page)
        assert handoff is not None
        amara.claim(handoff.id)
        until(heard(page, "Amara from our team is here now"))
        with transaction() as session:
            end_identity(session, conversation_of(page), utc_now(), "idle")
        amara.send(handoff.id, "Your test is on Friday.")
        until(heard(page, sentence("utter_staff_message_waiting")))
        assert heard(page, "Your test is on Friday.")() == []
        page.press(button("utter_staff_message_waiting", 0))
        page.say("9990001014")
        page.say("3 May 1961")
        page.say(door.site.code())
        until(heard(page, "Your test is on Friday."))
        assert page.say("thank you") == []
