"""The 18-week clock, and whether waiting figures may be told.

Called by `next_step` and `answers`. [R6] NHS Constitution handbook: treatment starts within 18
weeks of referral for most people (92 in 100); [D] our choice.
"""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import date, timedelta

from bot.pathway.facts import ReferralFacts, WaitFigures
from bot.pathway.states import State

RTT_WEEKS = 18
# Fewer people than this make a median that says little, and could point at somebody [D].
FIGURES_MIN_PEOPLE = 20

# The states in which a patient waits for a date. Not: a request for advice (no referral yet),
# a booked date (it says more than a figure), and whatever has ended [D].
WAITING_STATES = frozenset(
    {
        State.TO_BOOK,
        State.HOSPITAL_TO_BOOK,
        State.IN_TRIAGE,
        State.ACCEPTED_TO_BOOK,
        State.WAITING_LIST,
        State.APPOINTMENT_OFFERED,
    }
)


def clock_start(facts: ReferralFacts) -> date | None:
    """Start of the 18-week clock; the day of referral when the record gives no other [D]."""
    return facts.clock_start or facts.referred_on


def weeks_waited(start: date, today: date) -> int:
    """Whole weeks from start to today, rounded down, never below 0.

    >>> weeks_waited(date(2026, 3, 2), date(2026, 3, 15))
    1
    """
    return max(0, (today - start).days // 7)


def date_of_18_weeks(start: date) -> date:
    """The last day of the 18 weeks [R6]."""
    return start + timedelta(weeks=RTT_WEEKS)


def weeks_left(start: date, today: date) -> int:
    """Whole weeks left of the 18, rounded down, never below 0."""
    return max(0, (date_of_18_weeks(start) - today).days // 7)


def over_18_weeks(start: date, today: date) -> bool:
    """True from the day after the last day of the 18 weeks."""
    return today > date_of_18_weeks(start)


def may_tell_waiting(facts: ReferralFacts) -> bool:
    """Whether weeks, 18 weeks and figures may be told: never for suspected cancer."""
    return facts.priority != "two_week_wait" and facts.state in WAITING_STATES


def period_end(period: str) -> date | None:
    """Last day of a month written "2026-03"; None when it isn't written so.

    >>> period_end("2026-02")
    datetime.date(2026, 2, 28)
    """
    try:
        year, month = (int(part) for part in period.split("-"))
        return date(year, month, monthrange(year, month)[1])
    except ValueError:
        return None


def usable(figures: WaitFigures | None) -> bool:
    """Whether these figures can be told: enough people, real numbers, a month that we can read."""
    if figures is None or figures.total < FIGURES_MIN_PEOPLE:
        return False
    numbers = (figures.median_weeks, figures.p92_weeks, figures.pct_within_18_weeks)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        return False
    return figures.pct_within_18_weeks <= 1 and period_end(figures.period) is not None
