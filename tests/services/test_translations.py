"""Patients' messages in English for staff: made once, over real HTTP, by one that may fail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine

from bot.language.translate import get_translator
from bot.records.chat_models import Handoff, Message
from bot.records.session import transaction
from bot.records.staff_models import ConsoleEvent, MessageTranslation
from bot.services.handoffs import open_handoff
from bot.services.make_translations import AGAIN_AFTER, PER_ROUND, SecondTries, translate_pending
from bot.services.transcript import Answer, store_answer, store_patient_message
from bot.services.translations import retry_translation, want_translations
from bot.settings import get_settings
from tests.records.making import NOW, a_conversation
from tests.site.libretranslate import LibreTranslate

GREETING = "Dzień dobry"
LATER = NOW + AGAIN_AFTER
MUCH_LATER = LATER + AGAIN_AFTER


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> Iterator[LibreTranslate]:
    """A translator on this machine, and the settings for it."""
    with LibreTranslate() as server:
        monkeypatch.setattr(get_settings(), "translator", "libretranslate")
        monkeypatch.setattr(get_settings(), "translator_url", server.url)
        monkeypatch.setattr(get_settings(), "translator_timeout_seconds", 0.5)
        get_translator.cache_clear()
        yield server
    get_translator.cache_clear()


def a_chat(engine: Engine, *texts: str, language: str | None = "pl") -> str:
    """A waiting chat in which the patient wrote these texts; returns the hand-off's id."""
    with transaction(engine) as session:
        talk = a_conversation(session, language=language).id
        handoff = open_handoff(session, talk, "chat", "asked_for", NOW)  # asks for what is there
        for number, text in enumerate(texts):
            store_patient_message(session, talk, f"m{number}", text, NOW)
        return str(handoff.id)


def want(engine: Engine, handoff_id: str) -> int:
    with transaction(engine) as session:
        return want_translations(session, session.get(Handoff, handoff_id))


def translations(engine: Engine) -> list[MessageTranslation]:
    """All, in the order of their messages."""
    with transaction(engine) as session:
        query = select(MessageTranslation).order_by(MessageTranslation.message_id)
        return list(session.execute(query).scalars())


def events(engine: Engine) -> list[dict[str, int]]:
    with transaction(engine) as session:
        query = select(ConsoleEvent.data).where(ConsoleEvent.kind == "translation")
        return list(session.execute(query).scalars())


def test_what_a_patient_wrote_is_translated_once_and_consoles_are_told(
    engine: Engine, translator: LibreTranslate
) -> None:
    chat = a_chat(engine, GREETING, "Boję się tej operacji")
    assert want(engine, chat) == 2
    assert translate_pending(NOW, engine) == 2
    assert [(row.state, row.text, row.provider) for row in translations(engine)] == [
        ("done", "Good morning", "libretranslate"),
        ("done", "I am afraid of this operation", "libretranslate"),
    ]
    assert sorted(event["seq"] for event in events(engine)) == [1, 2]
    assert (want(engine, chat), translate_pending(NOW, engine)) == (0, 0)
    assert len(translator.seen) == 2


def test_without_a_translator_nothing_is_asked_for(engine: Engine) -> None:
    assert want(engine, a_chat(engine, GREETING)) == 0
    assert translations(engine) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Good morning"),
        (None, "Good morning"),
        ("pl", "[nhs-number#0a1b2c3d4e]"),
        ("pl", "👍 10:30"),
    ],
)
def test_what_needs_no_translation_is_not_asked_for(
    engine: Engine, translator: LibreTranslate, language: str | None, text: str
) -> None:
    assert want(engine, a_chat(engine, text, language=language)) == 0


def test_only_the_patients_own_words_are_asked_for(
    engine: Engine, translator: LibreTranslate
) -> None:
    chat = a_chat(engine, GREETING, "Zadzwoń do mnie")
    with transaction(engine) as session:
        talk = session.get(Handoff, chat).conversation_id
        store_answer(session, talk, Answer("Cześć", "pl", english="Hello"), NOW)
        pressed = select(Message).where(Message.text == "Zadzwoń do mnie")
        session.execute(pressed).scalar_one().english = "Call me"  # a quick reply: ours
    assert want(engine, chat) == 1


def test_a_message_that_comes_later_is_asked_for_as_well(
    engine: Engine, translator: LibreTranslate
) -> None:
    chat = a_chat(engine, GREETING)
    want(engine, chat)
    with transaction(engine) as session:
        talk = session.get(Handoff, chat).conversation_id
        store_patient_message(session, talk, "later", "Boję się tej operacji", NOW)
    assert want(engine, chat) == 1


def test_two_who_ask_at_once_get_one_translation(
    engine: Engine, translator: LibreTranslate
) -> None:
    chat = a_chat(engine, *(f"Dzień dobry {word}" for word in ["raz", "dwa", "trzy"]))
    together = threading.Barrier(4)

    def ask(_number: int) -> int:
        together.wait(10)
        return want(engine, chat)

    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(ask, range(4)))
    assert sum(asked) == 3
    assert len(translations(engine)) == 3


def test_the_newest_message_is_translated_first_and_a_round_is_short(
    engine: Engine, translator: LibreTranslate
) -> None:
    chat = a_chat(engine, *(f"To jest wiadomość {word}" for word in "abcdefghijkl"))
    assert want(engine, chat) == 12
    assert translate_pending(NOW, engine) == PER_ROUND
    states = [row.state for row in translations(engine)]
    assert states == ["pending"] * (12 - PER_ROUND) + ["done"] * PER_ROUND
    assert translate_pending(NOW, engine) == 12 - PER_ROUND


def test_a_slow_translator_delays_no_message_and_several_wait_together(
    engine: Engine, translator: LibreTranslate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "translator_timeout_seconds", 1.5)
    chat = a_chat(engine, *(f"To jest wiadomość {word}" for word in "abc"))
    want(engine, chat)
    translator.fault = "slow"
    begin = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        round_ = pool.submit(translate_pending, NOW, engine)
        while not translator.paths and not round_.done():
            time.sleep(0.01)
        stored = time.monotonic()
        a_chat(engine, "Pomocy")
        assert time.monotonic() - stored < 1.2  # the translator takes 1.5 s
        assert round_.result(10) == 0
    assert time.monotonic() - begin < 4  # one after another it would be 4.5 s
    assert [row.reason for row in translations(engine)] == ["slow"] * 3


@pytest.mark.parametrize(
    ("fault", "reason"), [("slow", "slow"), ("drip", "slow"), ("500", "down"), ("down", "down")]
)
def test_a_passing_failure_is_said_and_tried_once_more_by_itself(
    engine: Engine, translator: LibreTranslate, fault: str, reason: str
) -> None:
    want(engine, a_chat(engine, GREETING))
    second_tries = SecondTries()
    translator.fault = fault
    assert translate_pending(NOW, engine, second_tries=second_tries) == 0
    assert [(row.state, row.reason) for row in translations(engine)] == [("failed", reason)]
    assert events(engine) == [{"seq": 1}]

    asked = len(translator.paths)
    early = LATER - timedelta(seconds=1)
    assert translate_pending(early, engine, second_tries=second_tries) == 0
    assert len(translator.paths) == asked

    translator.fault = None
    assert translate_pending(LATER, engine, second_tries=second_tries) == 1
    assert [(row.text, row.reason) for row in translations(engine)] == [("Good morning", None)]


def test_a_second_failure_is_left_to_staff(engine: Engine, translator: LibreTranslate) -> None:
    want(engine, a_chat(engine, GREETING))
    second_tries = SecondTries()
    translator.fault = "down"
    for moment in (NOW, LATER):
        assert translate_pending(moment, engine, second_tries=second_tries) == 0
    translator.fault, asked = None, len(translator.paths)
    for minutes in range(10):
        moment = MUCH_LATER + timedelta(minutes=minutes)
        assert translate_pending(moment, engine, second_tries=second_tries) == 0
    assert len(translator.paths) == asked
    assert [row.state for row in translations(engine)] == ["failed"]


@pytest.mark.parametrize("fault", ["nonsense", "empty", "html"])
def test_an_unusable_answer_is_not_asked_for_again(
    engine: Engine, translator: LibreTranslate, fault: str
) -> None:
    want(engine, a_chat(engine, GREETING))
    second_tries = SecondTries()
    translator.fault = fault
    translate_pending(NOW, engine, second_tries=second_tries)
    assert [(row.state, row.reason) for row in translations(engine)] == [("failed", "nonsense")]
    translator.fault = None
    assert translate_pending(MUCH_LATER, engine, second_tries=second_tries) == 0


def test_staff_may_ask_for_a_failed_translation_again(
    engine: Engine, translator: LibreTranslate
) -> None:
    want(engine, a_chat(engine, GREETING))
    translator.fault = "down"
    translate_pending(NOW, engine)
    translator.fault = None
    with transaction(engine) as session:
        message_id = session.execute(select(Message.id)).scalar_one()
        assert retry_translation(session, message_id)
        assert not retry_translation(session, message_id)  # it waits already
        assert not retry_translation(session, message_id + 1)
    assert translate_pending(NOW, engine) == 1
    with transaction(engine) as session:
        assert not retry_translation(session, message_id)  # it is there


def test_what_another_worker_has_stored_meanwhile_stays(
    engine: Engine, translator: LibreTranslate
) -> None:
    want(engine, a_chat(engine, GREETING))

    def meanwhile(_text: str, _source: str, _target: str) -> str:
        with transaction(engine) as session:
            session.execute(update(MessageTranslation).values(state="done", text="Good day"))
        return "Good morning"

    translator.answer = meanwhile  # type: ignore[method-assign]
    translate_pending(NOW, engine)
    assert [row.text for row in translations(engine)] == ["Good day"]
    assert events(engine) == []


def test_no_identifier_and_no_text_is_given_away(
    engine: Engine, translator: LibreTranslate, caplog: pytest.LogCaptureFixture
) -> None:
    text = "Mój numer to [nhs-number#0a1b2c3d4e], boję się"
    want(engine, a_chat(engine, text))
    translator.fault = "500"
    with caplog.at_level(logging.DEBUG):
        translate_pending(NOW, engine)
    assert "0a1b2c3d4e" not in " ".join(translator.seen)
    assert "boję" not in caplog.text and "numer" not in caplog.text


def test_rows_that_wait_when_the_translator_is_taken_away_are_settled(
    engine: Engine, translator: LibreTranslate, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(engine, a_chat(engine, GREETING))
    monkeypatch.setattr(get_settings(), "translator", "none")
    get_translator.cache_clear()
    assert translate_pending(NOW, engine) == 0
    assert [(row.state, row.reason) for row in translations(engine)] == [("failed", "none")]


def test_of_a_long_conversation_only_the_newest_messages_are_asked_for(
    engine: Engine, translator: LibreTranslate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.translations.WANTED_AT_MOST", 2)
    want(engine, a_chat(engine, "raz raz", "dwa dwa", "trzy trzy"))
    with transaction(engine) as session:
        wanted = select(Message.text).join(
            MessageTranslation, MessageTranslation.message_id == Message.id
        )
        assert sorted(session.execute(wanted).scalars()) == ["dwa dwa", "trzy trzy"]
        assert session.execute(select(func.count(Message.id))).scalar_one() == 3
