"""Rasa killed at any moment: what was acknowledged is answered, once, in its order."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import select

from bot.records.chat_models import Message
from bot.records.session import transaction
from tests.conversations.people import BORN_TYPED, PROVIDER, conversation_of, person
from tests.site.patient import PatientPage
from tests.site.running import Site
from tests.site.sentences import sentence

pytestmark = pytest.mark.slow
ANSWERS = {
    "what can you do?": "utter_capabilities",
    "thank you": "utter_thank",
    "goodbye": "utter_goodbye",
    "is my data safe with you?": "utter_privacy",
}


def kill_and_wait(site: Site) -> None:
    """kill -9 Rasa, and wait until supervisord has it up again."""
    before = site.pid_of("rasa")
    site.kill("rasa")
    end = time.monotonic() + 60
    while site.pid_of("rasa") == before and time.monotonic() < end:
        time.sleep(0.1)
    site.wait_until_ready()


def messages_of(page: PatientPage) -> list[Message]:
    with transaction() as session:
        rows = select(Message).where(Message.conversation_id == conversation_of(page))
        return list(session.execute(rows.order_by(Message.seq)).scalars())


def all_answered(page: PatientPage, seconds: float = 40) -> list[Message]:
    """The conversation, once no message of the patient is waiting."""
    end = time.monotonic() + seconds
    while True:
        rows = messages_of(page)
        if time.monotonic() > end or all(r.status != "received" for r in rows):
            return rows
        time.sleep(0.2)


@pytest.fixture
def page(site: Site) -> Iterator[PatientPage]:
    opened = site.open_page()
    yield opened
    opened.client.eio.disconnect(abort=True)  # not waiting for a poll that a kill has cut off


def reconnect(page: PatientPage) -> None:
    page.client.disconnect()
    page.connect()


def write(page: PatientPage, text: str) -> bool:
    """Send a text; whether it was acknowledged."""
    try:
        event = {"id": str(uuid.uuid4()), "text": text}
        return bool(page.client.call("message", event, timeout=5)["ok"])
    except Exception:  # the process died under it
        return False


def test_a_message_acknowledged_before_the_kill_is_answered_once(
    site: Site, page: PatientPage
) -> None:
    assert write(page, "what can you do?")
    kill_and_wait(site)
    rows = all_answered(page)
    assert [(r.sender, r.status) for r in rows] == [("patient", "answered"), ("bot", "sent")]
    assert rows[1].text == sentence("utter_capabilities")
    reconnect(page)
    assert [m["sender"] for m in page.history()] == ["patient", "bot"]
    assert page.say("thank you")[0].text == sentence("utter_thank")


def test_a_code_acknowledged_before_the_kill_signs_in(site: Site, page: PatientPage) -> None:
    for text in ("where is my referral?", person(600), BORN_TYPED):
        page.say(text)
    assert write(page, site.code())
    time.sleep(0.15)  # in the middle of the turn: the code may be used up already
    kill_and_wait(site)
    rows = all_answered(page)
    told = [r for r in rows if r.sender == "bot" and r.reply_to_id == rows[-2].id]
    assert len(told) == 1 and PROVIDER in told[0].text
    assert told[0].identity_session_id is not None


def test_kills_at_random_moments_lose_and_repeat_nothing(site: Site, page: PatientPage) -> None:
    moments = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(3):
        for text in moments.sample(list(ANSWERS), 3):
            if write(page, text):
                acknowledged.append(text)
        time.sleep(moments.random() * 0.6)
        kill_and_wait(site)
        reconnect(page)
        write(page, "hello")  # right after the start, while older ones may still be waiting
        acknowledged.append("hello")
    rows = all_answered(page)
    asked = [r for r in rows if r.sender == "patient"]
    answers = {r.id: [a for a in rows if a.reply_to_id == r.id] for r in asked}
    assert [r.text for r in asked] == acknowledged
    assert [r.status for r in asked] == ["answered"] * len(asked)
    assert [len(answers[r.id]) for r in asked] == [1] * len(asked)
    wrong = [
        (r.text, answers[r.id][0].text)
        for r in asked
        if r.text in ANSWERS and answers[r.id][0].text != sentence(ANSWERS[r.text])
    ]
    assert wrong == []
    order = [answers[r.id][0].seq for r in asked]
    assert order == sorted(order)


def test_health_says_that_the_site_is_back(site: Site) -> None:
    assert requests.get(f"{site.address}/chat/health", timeout=5).status_code == 204
