"""Requests about appointments: wishes add up, nothing typed gets lost, a change is seen."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pathway.requests import (
    ANSWERS,
    DAY_WISHES,
    DAYS_DONE,
    OWN_WORDS,
    QUESTIONS,
    WEEKDAYS,
    RequestFacts,
    has_changed,
    is_very_soon,
    next_question,
    request_lines,
    snapshot,
    together,
    with_choice,
    with_wish,
    with_words,
)

AT = datetime(2026, 5, 13, 14, 20, tzinfo=timezone.utc)
TAPS = [*ANSWERS, *DAY_WISHES]
said = st.tuples(st.sampled_from(QUESTIONS), st.text(min_size=1))
steps = st.lists(st.one_of(st.sampled_from(TAPS), said))


def after(things: list[Any], wishes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The wishes after taps and sentences in this order."""
    kept = dict(wishes or {})
    for one in things:
        kept = with_wish(kept, one) if isinstance(one, str) else with_words(kept, one[1], one[0])
    return kept


@given(steps)
def test_what_was_typed_is_kept_word_for_word_whatever_comes_after(things: list[Any]) -> None:
    typed = list(dict.fromkeys(one[1] for one in things if not isinstance(one, str)))
    assert typed == after(things).get("words", [])


@given(steps, steps)
def test_two_requests_put_together_lose_no_words_and_no_answered_question(
    first: list[Any], second: list[Any]
) -> None:
    one, other = after(first), after(second)
    both = together(one, other)
    assert {*one.get("words", ()), *other.get("words", ())} == set(both.get("words", ()))
    assert set(one) | {name for name in other if other[name] is not None} <= set(both)


@given(steps)
def test_a_tapped_day_stays_until_any_day_will_do(things: list[Any]) -> None:
    chosen = after(things).get("weekdays")
    last_any = max((i for i, one in enumerate(things) if one == "any_day"), default=-1)
    tapped = {
        day
        for one in things[last_any + 1 :]
        if isinstance(one, str)
        for day in DAY_WISHES.get(one, ())
    }
    if isinstance(chosen, list):
        assert chosen == [day for day in WEEKDAYS if day in chosen]
        assert tapped <= set(chosen)


@given(steps)
def test_asking_comes_to_an_end(things: list[Any]) -> None:
    wishes = after(things)
    for _ in QUESTIONS:
        question = next_question(wishes)
        wishes = with_words(wishes, "", question)
    assert next_question(wishes) is None


def test_that_is_all_without_a_day_means_any_day() -> None:
    assert with_wish({}, DAYS_DONE) == {"weekdays": "any"}
    assert with_wish({"weekdays": ["mon"]}, DAYS_DONE) == {"weekdays": ["mon"]}


def test_an_unknown_wish_changes_nothing() -> None:
    assert with_wish({"earliest": "soon"}, "ask") == {"earliest": "soon"}


def test_no_preference_is_an_answer() -> None:
    assert next_question(after(["any_time", "any_day", "any_start", "short_notice_open"])) is None


def test_choices_add_up_once() -> None:
    wishes = with_choice(with_choice({}, "support", "hearing"), "support", "transport")
    assert with_choice(wishes, "support", "hearing") == {"support": ["hearing", "transport"]}


@pytest.mark.parametrize(
    ("status", "starts_at", "changed"),
    [
        ("booked", AT, False),
        ("booked", AT.astimezone(timezone(timedelta(hours=1))), False),
        ("booked", AT + timedelta(minutes=5), True),
        ("cancelled_by_hospital", AT, True),
        ("booked", None, True),
    ],
)
def test_a_change_of_the_record_is_seen(
    status: str, starts_at: datetime | None, changed: bool
) -> None:
    assert has_changed(snapshot("booked", AT), status, starts_at) is changed


def test_of_a_request_about_no_appointment_nothing_can_change() -> None:
    assert has_changed({}, "booked", AT) is False
    assert has_changed({"wanted": "a1"}, "booked", AT) is False


@pytest.mark.parametrize(("hours", "soon"), [(-1, False), (0, True), (48, True), (49, False)])
def test_very_soon_is_within_48_hours(hours: int, soon: bool) -> None:
    assert is_very_soon(AT, AT - timedelta(hours=hours)) is soon


def test_an_open_request_is_told_of_its_own_appointment_alone() -> None:
    asked = RequestFacts("another_day", date(2026, 5, 4), "a1", {})
    needs = RequestFacts("interpreter", date(2026, 5, 3), None, {"languages": ["pl", "bfi"]})
    names = [line.response for line in request_lines([asked, needs], "a1")]
    assert names == ["utter_request_another_day", "utter_request_interpreter_named"]
    (line,) = request_lines([asked, needs], "a2")
    assert line.values["interpreter"] == ["pl", "@button_interpreter_bsl"]


def test_a_field_answered_in_words_does_not_read_as_no_preference() -> None:
    wishes = with_words({}, "not before September", "earliest")
    assert wishes == {"earliest": OWN_WORDS, "words": ["not before September"]}
    assert next_question(wishes) == "part_of_day"
