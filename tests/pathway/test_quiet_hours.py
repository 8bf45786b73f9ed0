"""Quiet hours: over midnight, over the day the clock changes, and what is worth waking for."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pathway.quiet_hours import QuietHours, is_urgent, parse_quiet_hours

LONDON = ZoneInfo("Europe/London")
NIGHT = QuietHours(time(21), time(8))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(LONDON))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("20:59", False), ("21:00", True), ("23:59", True), ("00:00", True), ("07:59", True)]
    + [("08:00", False), ("12:00", False)],
)
def test_a_night_covers_its_first_minute_and_not_its_end(clock: str, quiet: bool) -> None:
    here = datetime.combine(datetime(2026, 5, 4).date(), time.fromisoformat(clock), LONDON)
    assert NIGHT.covers(here) is quiet


def test_an_afternoon_may_be_quiet() -> None:
    hours = parse_quiet_hours("13:00-15:30")
    assert hours is not None and hours.covers(datetime(2026, 5, 4, 14, tzinfo=LONDON))


@pytest.mark.parametrize("text", ["", "21-8", "21:00", "24:00-08:00", "21:00-21:00", "9pm-8am"])
def test_what_is_not_written_like_hours_is_none(text: str) -> None:
    assert parse_quiet_hours(text) is None


@given(TIMES, TIMES, MOMENTS)
def test_quiet_hours_end_within_a_day_and_not_a_minute_early(
    begins: time, ends: time, here: datetime
) -> None:
    if begins == ends:
        return
    hours = QuietHours(begins, ends)
    end = hours.end_after(here)
    assert timedelta(0) <= end.replace(tzinfo=None) - here.replace(tzinfo=None) <= timedelta(days=1)
    assert not hours.covers(end)
    if hours.covers(here):
        halfway = here + (end - here) / 2
        assert hours.covers(halfway) or halfway.utcoffset() != here.utcoffset()


@pytest.mark.parametrize(
    ("priority", "hour", "urgent"),
    [("two_week_wait", None, True), ("urgent", None, False), (None, 11, True), (None, 13, False)],
)
def test_suspected_cancer_and_a_morning_appointment_are_urgent(
    priority: str | None, hour: int | None, urgent: bool
) -> None:
    here = datetime(2026, 5, 4, 23, tzinfo=LONDON)
    at = datetime(2026, 5, 5, hour, tzinfo=LONDON) if hour else None
    assert is_urgent(priority, [at], here, NIGHT.end_after(here)) is urgent
