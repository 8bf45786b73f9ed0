"""Whatever is typed, sent or broken: one clear sentence or nothing, and the next message works."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.records.chat_models import Message
from bot.records.session import transaction
from tests.conversations.conftest import Door, Talker
from tests.conversations.people import BORN_TYPED, PROVIDER, conversation_of, person
from tests.site.patient import Said
from tests.site.running import Site
from tests.site.sentences import button, sentence, texts

pytestmark = pytest.mark.slow
LONGEST_ON_TELEGRAM = 4096
ASK_NUMBER = "utter_ask_identity_form_nhs_number"
ASK_ORDER = "utter_which_date_order"
ASK_DATE = "utter_ask_identity_form_date_of_birth"
QUESTIONS = {
    "en": "where is my referral to the hospital?",
    "es": "¿dónde está mi derivación al hospital?",
    "pl": "gdzie jest moje skierowanie do szpitala?",
    "ar": "أين إحالتي إلى المستشفى؟",
    "bn": "হাসপাতালে আমার রেফারেল এখন কোথায় আছে?",
}


def until_answered(page: Talker, patient_messages: int, seconds: float = 40) -> list[str]:
    """Wait until so many messages of the patient are answered; returns all statuses."""
    end = time.monotonic() + seconds
    while True:
        with transaction() as session:
            rows = select(Message.status).where(
                Message.conversation_id == conversation_of(page), Message.sender == "patient"
            )
            found = list(session.execute(rows).scalars())
        if found == ["answered"] * patient_messages or time.monotonic() > end:
            return found
        time.sleep(0.2)


def written(page: Talker) -> list[str]:
    """What the patient wrote, as it is kept."""
    with transaction() as session:
        rows = select(Message.text).where(
            Message.conversation_id == conversation_of(page), Message.sender == "patient"
        )
        return list(session.execute(rows.order_by(Message.seq)).scalars())


# ---- identifiers and dates that can't be used ----


@pytest.mark.parametrize("language", list(QUESTIONS))
def test_a_wrong_nhs_number_gets_one_sentence_and_a_right_one_goes_on(
    door: Door, language: str
) -> None:
    wrong = sentence("utter_nhs_number_wrong", language)
    with door.open() as page:
        page.say(QUESTIONS[language])
        for typed in ("9991000010", "12345", "999 100 00", "٩٩٩١٠٠٠٠١", "99910000101234"):
            assert (typed, texts(page.say(typed))) == (typed, [wrong])
        assert button("utter_nhs_number_wrong", 0, language) in page.heard[-1].buttons
        assert texts(page.say(person(600))) == [sentence(ASK_DATE, language)]


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("en", "31 February 1970"),
        ("en", "1970-13-45"),
        ("en", "32/01/1970"),
        ("en", "1970"),
        ("es", "31 de febrero de 1970"),
        ("pl", "31 lutego 1970"),
        ("ar", "٣١ فبراير ١٩٧٠"),
        ("bn", "৩১ ফেব্রুয়ারি ১৯৭০"),
    ],
)
def test_an_impossible_date_gets_one_sentence_and_a_right_one_goes_on(
    site: Site, language: str, typed: str
) -> None:
    with site.open_page() as page:
        page.say(QUESTIONS[language])
        page.say(person(600))
        assert texts(page.say(typed)) == [sentence("utter_date_unreadable", language)]
        page.say("1970-01-02")
        assert PROVIDER in page.say(site.code())[-1].text


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("en", "2/1/70"),
        ("en", "02011970"),
        ("en", "January 2nd, 1970"),
        ("en", "1970-01-02"),
        ("es", "2 de enero de 1970"),
        ("pl", "2 stycznia 1970 r."),
        ("pl", "ur. 02.01.1970"),
        ("ar", "٢ يناير ١٩٧٠"),
        ("ar", "١٩٧٠/٠١/٠٢"),
        ("bn", "২ জানুয়ারি ১৯৭০"),
        ("bn", "০২-০১-১৯৭০"),
    ],
)
def test_dates_are_read_in_any_order_and_script(site: Site, language: str, typed: str) -> None:
    with site.open_page() as page:
        page.say(QUESTIONS[language])
        page.say(person(600))
        if texts(page.say(typed)) == [sentence(ASK_ORDER, language)]:
            page.press(button(ASK_ORDER, 0, language))  # the day comes first
        answers = page.say(site.code())
        assert PROVIDER in answers[-1].text
        assert answers[-1].language == language


def test_a_code_in_words_or_too_short_gets_one_sentence(door: Door) -> None:
    with door.open() as page:
        for text in (QUESTIONS["en"], person(600), BORN_TYPED):
            page.say(text)
        code = door.site.code()
        assert texts(page.say("123")) == [sentence("utter_code_unreadable")]
        assert texts(page.say("000000")) == [sentence("utter_code_wrong")]
        assert PROVIDER in page.say(f"{code[:3]} {code[3:]}")[-1].text


# ---- texts ----

NO_WORDS = ["🙏🙏🙏", "...", "", "   ", "\n\n", "\u202e\u200f", "\x00\x01", "/", "👍🏽"]


@pytest.mark.parametrize("language", list(QUESTIONS))
def test_what_has_no_words_is_answered_so_in_the_patients_language(
    door: Door, language: str
) -> None:
    with door.open(language=language) as page:
        page.choose(language)
        expected = [sentence("utter_no_words", language)]
        possible = [typed for typed in NO_WORDS if typed.strip() or door.channel == "web"]
        assert [(typed, texts(page.say(typed))) for typed in possible] == [
            (typed, expected) for typed in possible
        ]


@pytest.mark.parametrize(
    "typed",
    [
        "/restart",
        "/greet",
        '/greet{"x":1}',
        "/ask_referral_status",
        '/inform{"emergency":"mistake"}',
        "/EXTERNAL_reminder",
        "//session_start",
        "/back",
        "<script>alert(1)</script><b>hello</b>",
        "'; DROP TABLE messages; --",
        "{{7*7}} ${jndi:ldap://x} %s %n {x} {x:date}",
        "\u202egnp.exe\u202c hello \x07\x1b[31m",
        "[nhs-number#abcdef] [date-of-birth#0]",
        "🙏 hello 🙏",
    ],
)
def test_commands_and_code_are_just_words(door: Door, typed: str) -> None:
    with door.open() as page:
        said = texts(page.say(typed))
        assert said != [] and sentence("utter_try_again") not in said
        (kept,) = written(page)
        assert not any(character in kept for character in "\x07\x1b\x00\u202e\u202c")
        assert not kept.startswith("/")
        assert page.say(QUESTIONS["en"])[-1].text.endswith(sentence(ASK_NUMBER))


def test_a_command_does_not_get_past_sign_in(door: Door) -> None:
    with door.open() as page:
        page.say(QUESTIONS["en"])
        said = page.say('/inform{"date_of_birth":"[date-of-birth#0]","nhs_number":"9990001014"}')
        assert len(said) == 1 and not said[0].private
        assert texts(page.say(person(600))) == [sentence(ASK_DATE)]


def test_5000_characters_are_answered_once_with_a_notice(door: Door) -> None:
    longest = 5000 if door.channel == "web" else LONGEST_ON_TELEGRAM
    long = ("My knee hurts when I climb the stairs and I have a letter. " * 90)[:longest]
    with door.open() as page:
        said = page.say(long)
        assert len(said) == 2
        assert said[-1].text == sentence("utter_too_long")
        assert texts(page.say(QUESTIONS["en"])) == [sentence(ASK_NUMBER)]


# ---- events ----

NOT_A_MESSAGE: list[Any] = [
    None,
    "hello",
    5,
    [],
    {},
    {"id": 1, "text": "hello"},
    {"id": "a"},
    {"id": "", "text": "hello"},
    {"id": "a", "text": {"x": 1}},
    {"id": "a", "text": None},
    b"\x89PNG\r\n\x1a\n",
]


def test_malformed_events_are_refused_in_a_sentence_and_change_nothing(site: Site) -> None:
    with site.open_page() as page:
        for data in NOT_A_MESSAGE:
            receipt = page.send("message", data)
            assert (data, receipt) == (
                data,
                {"ok": False, "error": sentence("utter_no_words")},
            )
        huge = 2**70
        for press in (
            None,
            {"id": "p", "seq": "1", "button": 0},
            {"id": "p", "seq": huge, "button": 0},
            {"id": "p", "seq": -huge, "button": huge},
            {"id": "p", "seq": 1, "button": huge},
        ):
            receipt = page.send("press", press)
            assert receipt["ok"] is False and receipt["error"]
        for language in (None, {"id": "l", "code": "xx"}, {"id": "l", "code": "../en"}):
            receipt = page.send("language", language)
            assert receipt == {"ok": False, "error": sentence("utter_language_not_offered")}
        for after in (None, [], {"after": huge}, {"after": -huge}, {"after": "1"}):
            assert page.send("history", after)["messages"] == []
        page.client.emit("no_such_event", {"x": 1})
        assert page.say("hello")[0].text.startswith("Hello")


@pytest.mark.parametrize("text", ["\ud800 hello", "hello \x00 there", "\ufeffhello"])
def test_broken_characters_do_not_break_a_message(site: Site, text: str) -> None:
    with site.open_page() as page:
        receipt = page.send("message", {"id": text, "text": text})
        assert isinstance(receipt["ok"], bool)
        assert page.say("hello")[0].text.startswith("Hello")


def test_messages_sent_at_once_are_answered_in_their_order(door: Door) -> None:
    with door.open() as page:
        wanted = ["hello", "what can you do?", "thank you", "goodbye"]
        for text in wanted:
            page.post(text)
        assert until_answered(page, 4) == ["answered"] * 4
        assert written(page) == wanted
        answers = [m["text"] for m in page.history() if m["sender"] == "bot"]
        assert len(answers) == 4
        assert answers[0].startswith("Hello") and answers[1:] == [
            sentence("utter_capabilities"),
            sentence("utter_thank"),
            sentence("utter_goodbye" if door.channel == "web" else "utter_goodbye_on_telegram"),
        ]


def test_a_repeated_message_is_answered_once(site: Site) -> None:
    with site.open_page() as page:
        event = {"id": str(uuid.uuid4()), "text": "hello"}
        receipts = [page.send("message", event) for _ in range(3)]
        assert receipts == [{"ok": True, "seq": receipts[0]["seq"]}] * 3
        assert page.send("message", event | {"id": str(uuid.uuid4())})["ok"]
        assert until_answered(page, 2) == ["answered"] * 2
        assert sorted(m["sender"] for m in page.history()) == ["bot", "bot", "patient", "patient"]


# ---- what is down ----


def test_the_action_server_down_is_said_and_all_is_normal_after_its_restart(door: Door) -> None:
    with door.open(language="pl") as page:
        page.say("dzień dobry")
        door.site.kill("actions")
        said = page.say(QUESTIONS["pl"])
        door.site.wait_until_ready()
        assert texts(said) == [sentence("utter_try_again", "pl")]
        assert texts(page.say(QUESTIONS["pl"])) == [sentence(ASK_NUMBER, "pl")]


def test_the_action_server_down_during_sign_in_loses_nothing_that_was_given(door: Door) -> None:
    with door.open() as page:
        page.say(QUESTIONS["en"])
        page.say(person(600))
        door.site.kill("actions")
        said = page.say(BORN_TYPED)
        door.site.wait_until_ready()
        assert sentence("utter_try_again") in texts(said)
        page.say(BORN_TYPED)
        assert PROVIDER in page.say(door.site.code())[-1].text


@contextmanager
def locked(database: Path, seconds: float) -> Iterator[None]:
    """Somebody else holds the database's write lock for some seconds."""
    taken = threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(database, isolation_level=None, timeout=20)
        connection.execute("BEGIN IMMEDIATE")
        taken.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(20)
    yield
    holder.join()


def test_a_locked_database_refuses_in_a_sentence_and_the_next_message_works(site: Site) -> None:
    with site.open_page() as page:
        event = {"id": str(uuid.uuid4()), "text": "hello"}
        with locked(site.folder / "waymark.db", 8):
            refused = page.send("message", event)
        assert refused == {"ok": False, "error": sentence("utter_try_again")}
        assert page.send("message", event)["ok"]  # the page sends the same one again
        assert until_answered(page, 1) == ["answered"]
        assert [m["sender"] for m in page.history()] == ["patient", "bot"]


def test_a_locked_database_shows_the_card_all_the_same(site: Site) -> None:
    with site.open_page() as page, locked(site.folder / "waymark.db", 7):
        event = {"id": str(uuid.uuid4()), "text": "I cannot breathe"}
        assert page.send("message", event)["error"] == sentence("utter_card_emergency")


def test_a_database_locked_while_answering_delays_the_answer_and_loses_nothing(
    site: Site,
) -> None:
    with site.open_page() as page:
        for round_number in range(1, 4):
            receipt = page.send("message", {"id": str(uuid.uuid4()), "text": QUESTIONS["en"]})
            with locked(site.folder / "waymark.db", 8 if round_number == 1 else 1):
                assert receipt["ok"]
            assert until_answered(page, round_number) == ["answered"] * round_number
            assert page.history()[-1]["sender"] == "bot"


def test_a_database_that_is_gone_is_said_and_all_is_normal_when_it_is_back(site: Site) -> None:
    database = site.folder / "waymark.db"
    aside = site.folder / "aside.db"
    with site.open_page() as page:
        said: list[Said] = page.say("hello")
        assert len(said) == 1
        with transaction() as session:  # the journal is in the file before it moves
            session.connection().connection.cursor()
        database.rename(aside)
        try:
            event = {"id": str(uuid.uuid4()), "text": QUESTIONS["en"]}
            refused = page.send("message", event)
            flagged = page.send("message", {"id": "e", "text": "I cannot breathe"})
        finally:
            for left in site.folder.glob("waymark.db*"):
                left.unlink()
            aside.rename(database)
        assert refused == {"ok": False, "error": sentence("utter_try_again")}
        assert flagged == {"ok": False, "error": sentence("utter_card_emergency")}
        assert page.send("message", event)["ok"]
        assert until_answered(page, 2) == ["answered"] * 2
        assert page.history()[-1]["text"] == sentence(ASK_NUMBER)
