"""The 18-week clock, and which figures may be told."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from bot.pathway.facts import ReferralFacts, WaitFigures
from bot.pathway.states import State
from bot.pathway.waiting import (
    clock_start,
    date_of_18_weeks,
    may_tell_waiting,
    over_18_weeks,
    period_end,
    usable,
    weeks_left,
    weeks_waited,
)

START = date(2026, 1, 7)
FIGURES = WaitFigures("A hospital", "C_110", 11.5, 38.0, 0.65, 4892, "2026-03")


@pytest.mark.parametrize(
    ("days", "waited", "left", "over"),
    [(-3, 0, 18, False), (0, 0, 18, False), (6, 0, 17, False), (7, 1, 17, False)]
    + [(125, 17, 0, False), (126, 18, 0, False), (127, 18, 0, True)],
)
def test_weeks_are_whole_weeks_and_18_weeks_end_on_day_126(
    days: int, waited: int, left: int, over: bool
) -> None:
    today = START + timedelta(days=days)
    assert (weeks_waited(START, today), weeks_left(START, today)) == (waited, left)
    assert over_18_weeks(START, today) is over
    assert date_of_18_weeks(START) == START + timedelta(days=126)


@pytest.mark.parametrize("state", list(State))
def test_waiting_is_told_in_waiting_states_only_and_never_when_urgent(state: State) -> None:
    facts = ReferralFacts(state=state, checked_at=datetime(2026, 5, 6, tzinfo=timezone.utc))
    waits = state in {
        State.TO_BOOK,
        State.HOSPITAL_TO_BOOK,
        State.IN_TRIAGE,
        State.ACCEPTED_TO_BOOK,
        State.WAITING_LIST,
        State.APPOINTMENT_OFFERED,
    }
    assert may_tell_waiting(facts) is waits
    assert may_tell_waiting(replace(facts, priority="two_week_wait")) is False


def test_the_clock_starts_on_the_day_of_referral_when_nothing_else_is_known() -> None:
    facts = ReferralFacts(
        state=State.TO_BOOK,
        checked_at=datetime(2026, 5, 6, tzinfo=timezone.utc),
        referred_on=START,
    )
    assert clock_start(facts) == START
    assert clock_start(replace(facts, clock_start=date(2026, 2, 2))) == date(2026, 2, 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"total": 0, "median_weeks": float("nan")}, False),
        ({"total": 19}, False),
        ({"p92_weeks": float("inf")}, False),
        ({"pct_within_18_weeks": 65.0}, False),
        ({"period": "March 2026"}, False),
    ],
)
def test_figures_that_say_nothing_are_not_told(change: dict[str, object], expected: bool) -> None:
    assert usable(replace(FIGURES, **change)) is expected  # type: ignore[arg-type]
    assert usable(None) is False


def test_a_period_that_is_no_month_has_no_last_day() -> None:
    assert period_end("2026-12") == date(2026, 12, 31)
    assert [period_end(text) for text in ("2026-13", "2026", "", "0-1")] == [None] * 4
