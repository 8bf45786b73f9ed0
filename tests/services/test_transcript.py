"""The transcript: numbers without gaps, nothing twice, and what the page may show."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.session import transaction
from bot.services import transcript, turns
from bot.services.answering import say_answer
from bot.services.identity import end_identity
from bot.services.transcript import Answer
from bot.services.visible_messages import private_numbers, visible_messages
from tests.records.making import NOW, a_conversation, a_patient, an_identity
from tests.site.running import nhs_number

HELLO = Answer("Hello.", "en", ("utter_greet",))
PRIVATE = Answer("Booked.", "en", ("utter_status_booked",), private=True)
WRITERS, EACH = 4, 5


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def talk(session: Session) -> Conversation:
    return a_conversation(session)


def said(session: Session, talk: Conversation, key: str = "m1", **fields: object) -> Message:
    row, _ = transcript.store_patient_message(session, talk.id, key, "hi", NOW, **fields)  # type: ignore[arg-type]
    return row


def test_writers_at_once_get_numbers_without_gap_or_repeat(engine: Engine) -> None:
    with transaction(engine) as session:
        talk = a_conversation(session).id

    def write(writer: int) -> None:
        for number in range(EACH):
            with transaction(engine) as session:
                if writer % 2:
                    transcript.store_answer(session, talk, HELLO, NOW)
                else:
                    key = f"{writer}.{number}"
                    transcript.store_patient_message(session, talk, key, "hi", NOW)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    with transaction(engine) as session:
        numbers = session.execute(select(Message.seq).order_by(Message.id)).scalars().all()
    assert sorted(numbers) == list(range(1, WRITERS * EACH + 1))
    assert list(numbers) == sorted(numbers)


def test_a_channels_message_that_comes_again_is_the_one_that_came(
    session: Session, talk: Conversation
) -> None:
    first, new = transcript.store_patient_message(session, talk.id, "m1", "hi", NOW)
    again, newer = transcript.store_patient_message(session, talk.id, "m1", "other", NOW)
    assert (again.id, again.text, new, newer) == (first.id, "hi", True, False)
    assert said(session, a_conversation(session)).id != first.id


def test_a_turn_that_runs_again_says_nothing_twice_and_goes_on_where_it_stopped(
    session: Session, talk: Conversation
) -> None:
    asked = said(session, talk)

    def answer(text: str, ordinal: int) -> Message:
        made = Answer(text, "en", ("utter_greet",))
        return transcript.store_answer(
            session, talk.id, made, NOW, reply_to=asked.id, ordinal=ordinal
        )

    first = answer("One.", 1)
    again, second = answer("One, rendered anew.", 1), answer("Two.", 2)
    assert (again.id, again.text) == (first.id, "One.")
    assert [row.id for row in turns.answers_to(session, asked.id)] == [first.id, second.id]


def test_a_message_waits_until_it_is_answered(session: Session, talk: Conversation) -> None:
    first, second = said(session, talk, "m1"), said(session, talk, "m2")
    day_before = NOW - timedelta(days=1)
    assert [r.id for r in turns.unanswered(session, "web", day_before)] == [first.id, second.id]
    turns.mark_answered(session, first.id)
    assert [r.id for r in turns.unanswered(session, "web", day_before)] == [second.id]
    assert turns.unanswered(session, "web", NOW + timedelta(seconds=1)) == []
    talk.ended_at = NOW
    session.flush()
    assert turns.unanswered(session, "web", day_before) == []


def test_answers_from_the_record_are_shown_while_their_identity_session_runs(
    session: Session, talk: Conversation
) -> None:
    patient = a_patient(session, nhs_number(530))

    def visible(after: int = 0) -> list[int]:
        return [m.seq for m in visible_messages(session, talk.id, NOW, after)]

    an_identity(session, patient, talk)
    open_, private = (
        transcript.store_answer(session, talk.id, answer, NOW).seq for answer in (HELLO, PRIVATE)
    )
    assert visible() == [open_, private]
    assert visible(after=open_) == [private]
    assert private_numbers(session, talk.id, NOW) == []
    end_identity(session, talk.id, NOW, "stopped")
    assert visible() == [open_]
    assert private_numbers(session, talk.id, NOW) == [private]
    an_identity(session, patient, talk)
    assert visible() == [open_]  # a new session doesn't bring the old answers back


def test_an_idle_identity_session_hides_before_anybody_ended_it(
    session: Session, talk: Conversation
) -> None:
    an_identity(session, a_patient(session, nhs_number(531)), talk)
    transcript.store_answer(session, talk.id, PRIVATE, NOW)
    later = NOW + timedelta(days=1)
    assert visible_messages(session, talk.id, later) == []


def test_a_page_sees_only_its_own_conversation(session: Session, talk: Conversation) -> None:
    other = a_conversation(session)
    row = transcript.store_answer(session, talk.id, HELLO, NOW)
    assert visible_messages(session, other.id, NOW) == []
    assert transcript.message_by_seq(session, other.id, row.seq) is None
    assert transcript.newest_answer(session, other.id) is None
    newest = transcript.newest_answer(session, talk.id)
    assert newest is not None and newest.id == row.id


@pytest.mark.parametrize(
    ("responses", "priorities"),
    [
        (("utter_card_emergency",), [1]),
        (("utter_greet", "utter_card_crisis"), [1]),
        (("utter_ask_emergency", "utter_status_booked"), [2]),
        (("utter_greet",), []),
    ],
)
def test_a_card_opens_a_task_for_staff_with_it(
    session: Session, talk: Conversation, responses: tuple[str, ...], priorities: list[int]
) -> None:
    asked = said(session, talk)
    answer = Answer("x", "en", responses)
    say_answer(session, talk.id, answer, NOW, reply_to=asked.id, ordinal=1)
    opened = session.execute(select(Handoff)).scalars().all()
    assert [task.priority for task in opened] == priorities
    assert {(t.kind, t.reason, t.message_id) for t in opened} <= {("task", "red_flag", asked.id)}


def test_only_the_patients_messages_of_the_last_minute_count(
    session: Session, talk: Conversation
) -> None:
    said(session, talk)
    transcript.store_answer(session, talk.id, HELLO, NOW)
    assert transcript.count_recent(session, talk.id, NOW + timedelta(seconds=59)) == 1
    assert transcript.count_recent(session, talk.id, NOW + timedelta(seconds=60)) == 0
