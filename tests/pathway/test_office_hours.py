"""Office hours: how they are written; working minutes over nights, holidays, clock changes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.pathway.office_hours import (
    DEFAULT_PARTS,
    OfficeHours,
    OpenPart,
    parse_office_hours,
)
from bot.services.office import BankHolidays

LONDON = ZoneInfo("Europe/London")
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)})
WEEKDAYS = OfficeHours(DEFAULT_PARTS, LONDON, CHRISTMAS)
FRIDAY = OpenPart(4, 4, 540, 960)
DAY_AND_NIGHT = OfficeHours((OpenPart(0, 6, 0, 24 * 60),), LONDON)
CLOCK_CHANGES = (date(2026, 3, 29), date(2026, 10, 25))


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def hours(text: str) -> OfficeHours:
    parts = parse_office_hours(text)
    assert parts is not None
    return OfficeHours(parts, LONDON)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mon-Fri 09:00-17:00", DEFAULT_PARTS),
        ("Mon-Thu 09:00-17:00, Fri 09:00-16:00", (OpenPart(0, 3, 540, 1020), FRIDAY)),
        ("Mon 09:00-12:00,Mon 13:00-17:00", (OpenPart(0, 0, 540, 720), OpenPart(0, 0, 780, 1020))),
        ("  Sat-Mon   00:00-24:00 ", (OpenPart(5, 0, 0, 1440),)),
    ],
)  # fmt: skip
def test_hours_as_the_setting_is_written_are_read(text: str, parts: tuple[OpenPart, ...]) -> None:
    assert parse_office_hours(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon-Fri",
        "weekdays 9 to 5",
        "Mon-Fri 9:00-17:00",
        "Mon-Fri 17:00-09:00",
        "Mon-Fri 09:00-09:00",
        "Mon-Fri 09:00-24:30",
        "Mon-Fri 09:60-17:00",
        "Mon-Fri 09:00-17:00,",
        "Mon-Fri 09:00-17:00, Wed 16:00-19:00",
        "Fri-Mon 09:00-17:00, Sun 09:00-10:00",
        "Mon-Fri 09:00-17:00\n; DROP",
    ],
)
def test_hours_written_otherwise_or_twice_are_not_read(text: str) -> None:
    assert parse_office_hours(text) is None


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-05-05T08:59:59", False),
        ("2026-05-05T09:00", True),
        ("2026-05-05T16:59:59", True),
        ("2026-05-05T17:00", False),
        ("2026-05-09T12:00", False),
        ("2026-12-25T12:00", False),
        ("2026-12-24T12:00", True),
    ],
)
def test_it_is_open_from_opening_until_just_before_closing(at: str, is_open: bool) -> None:
    assert WEEKDAYS.is_open(london(at)) is is_open


def test_the_hours_are_those_of_the_wall_clock_in_summer_and_winter() -> None:
    eight = time(8, 30, tzinfo=timezone.utc)
    assert WEEKDAYS.is_open(datetime.combine(date(2026, 7, 1), eight))
    assert not WEEKDAYS.is_open(datetime.combine(date(2026, 12, 1), eight))


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-05-05T10:30", "2026-05-05T10:30"),
        ("2026-05-05T17:00", "2026-05-06T09:00"),
        ("2026-05-08T18:00", "2026-05-11T09:00"),
        ("2026-03-27T17:00", "2026-03-30T09:00"),  # over the night in which the clock goes forward
        ("2026-12-24T17:00", "2026-12-29T09:00"),  # Christmas, a weekend, a day in lieu
    ],
)
def test_the_next_opening_skips_nights_weekends_and_holidays(at: str, opens: str) -> None:
    assert WEEKDAYS.next_opening(london(at)) == london(opens)


@pytest.mark.parametrize(
    ("at", "minutes", "then"),
    [
        ("2026-05-05T10:00", 0, "2026-05-05T10:00"),
        ("2026-05-05T10:00", 60, "2026-05-05T11:00"),
        ("2026-05-05T16:30", 30, "2026-05-05T17:00"),
        ("2026-05-05T16:30", 31, "2026-05-06T09:01"),
        ("2026-05-08T16:30", 60, "2026-05-11T09:30"),
        ("2026-05-09T12:00", 0, "2026-05-11T09:00"),
        ("2026-12-24T16:00", 120, "2026-12-29T10:00"),
        ("2026-05-05T09:00", 5 * 480, "2026-05-11T17:00"),
    ],
)
def test_working_minutes_are_counted_only_while_it_is_open(
    at: str, minutes: int, then: str
) -> None:
    assert WEEKDAYS.add_minutes(london(at), minutes) == london(then)


def test_a_lunch_break_does_not_count() -> None:
    broken = hours("Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00")
    assert broken.add_minutes(london("2026-05-05T11:30"), 45) == london("2026-05-05T13:15")
    assert broken.minutes_between(london("2026-05-05T11:30"), london("2026-05-05T13:15")) == 45
    assert not broken.is_open(london("2026-05-05T12:30"))


@pytest.mark.parametrize(("day", "length"), zip(CLOCK_CHANGES, (23, 25)))
def test_a_night_in_which_the_clock_changes_has_its_true_length(day: date, length: int) -> None:
    begin = datetime.combine(day, time(), LONDON)
    end = datetime.combine(day + timedelta(days=1), time(), LONDON)
    assert DAY_AND_NIGHT.minutes_between(begin, end) == length * 60
    assert DAY_AND_NIGHT.add_minutes(begin, length * 60) == end


def test_years_of_work_can_be_added() -> None:
    then = WEEKDAYS.add_minutes(london("2026-05-05T09:00"), 480 * 5 * 110)
    assert then.year == 2028


def test_less_than_no_minutes_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 working minutes"):
        WEEKDAYS.add_minutes(london("2026-05-05T10:00"), -1)


def test_an_office_that_never_opens_is_an_error_and_no_endless_loop() -> None:
    class EveryDay:
        def __contains__(self, _day: object) -> bool:
            return True

    closed = OfficeHours(DEFAULT_PARTS, LONDON, EveryDay())
    with pytest.raises(ValueError, match="stays closed"):
        closed.add_minutes(london("2026-05-05T10:00"), 1)
    assert not closed.is_open(london("2026-05-05T10:00"))


@pytest.mark.parametrize(
    ("country", "part", "day", "closed"),
    [
        ("GB", "ENG", date(2026, 5, 4), True),  # early May bank holiday
        ("GB", "ENG", date(2026, 5, 5), False),
        ("GB", "ENG", date(2026, 4, 6), True),  # Easter Monday
        ("GB", "SCT", date(2026, 4, 6), False),
        ("GB", "SCT", date(2027, 1, 4), True),  # 2 January, in lieu
        ("GB", "ENG", date(2027, 1, 4), False),
    ],
)
def test_bank_holidays_are_those_of_the_part_of_the_country(
    country: str, part: str, day: date, closed: bool
) -> None:
    assert (day in BankHolidays(country, part)) is closed


# ---- laws, over any hours, also in weeks in which the clock changes ----


@st.composite
def office_hours(draw: st.DrawFn) -> OfficeHours:
    """One or two parts a day on some days, with or without holidays."""
    zone = ZoneInfo(draw(st.sampled_from(["Europe/London", "America/Sao_Paulo", "UTC"])))
    first, last = draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
    limits = draw(st.lists(st.integers(0, 1440), min_size=2, max_size=4, unique=True))
    limits.sort()
    spans = zip(limits[::2], limits[1::2])
    parts = tuple(OpenPart(first, last, opens, closes) for opens, closes in spans)
    closed = draw(st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=5))
    return OfficeHours(parts, zone, closed)


moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(timezone.utc)),
    st.builds(
        lambda day, minutes: (
            datetime.combine(day, time(), timezone.utc) + timedelta(minutes=minutes)
        ),
        st.sampled_from(CLOCK_CHANGES),
        st.integers(-3 * 1440, 3 * 1440),
    ),
)
few_minutes = st.integers(0, 3000)


@given(office_hours(), moments, few_minutes)
@example(DAY_AND_NIGHT, london("2026-03-29T00:30"), 60)
@example(hours("Sun 00:00-01:30, Sun 02:00-03:00"), london("2026-03-28T12:00"), 100)
@example(hours("Sun 01:45-02:00, Sun 02:15-03:00"), london("2026-03-28T12:00"), 45)
def test_so_many_minutes_later_so_many_minutes_lie_between(
    office: OfficeHours, at: datetime, minutes: int
) -> None:
    assert office.minutes_between(at, office.add_minutes(at, minutes)) == minutes


@given(office_hours(), moments, few_minutes, st.integers(1, 3000))
def test_adding_twice_is_adding_the_sum(
    office: OfficeHours, at: datetime, first: int, second: int
) -> None:
    both = office.add_minutes(at, first + second)
    assert office.add_minutes(office.add_minutes(at, first), second) == both


@given(office_hours(), moments)
def test_nothing_is_worked_before_the_next_opening(office: OfficeHours, at: datetime) -> None:
    opening = office.next_opening(at)
    assert office.is_open(opening)
    assert office.minutes_between(at, opening) == 0
    assert not office.is_open(opening - timedelta(microseconds=1)) or opening == at


@given(office_hours(), moments, moments)
def test_working_time_is_never_longer_than_time_and_never_runs_back(
    office: OfficeHours, one: datetime, other: datetime
) -> None:
    early, late = sorted((one, other))
    assert 0 <= office.minutes_between(early, late) <= (late - early) // timedelta(minutes=1)
    assert office.minutes_between(late, early) == 0
