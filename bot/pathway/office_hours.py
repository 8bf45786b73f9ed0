"""When staff work: opening times, and minutes counted while the office is open.

Hand-offs promise and judge replies by it (`bot.services.office` makes it of the settings), and
`bot.language.render` shows the same parts in the patient's language. Moments are aware; the
opening times are those of the site's clock on the wall, so that a minute is an elapsed minute
also in the night on which the clock changes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST_CLOSURE_DAYS = 366
_DAY = f"({'|'.join(WEEKDAYS)})"
_CLOCK = r"(\d\d):([0-5]\d)"
_PART = re.compile(rf"{_DAY}(?:-{_DAY})? {_CLOCK}-{_CLOCK}")


@dataclass(frozen=True)
class OpenPart:
    """The same hours on days in a row.

    first, last: weekdays, Monday is 0; a week may turn in between ("Sat-Mon").
    opens, closes: minutes after midnight, 0 to 1440; it closes later than it opens.
    """

    first: int
    last: int
    opens: int
    closes: int

    def falls_on(self, weekday: int) -> bool:
        """Whether this weekday (Monday is 0) is one of its days."""
        return (weekday - self.first) % 7 <= (self.last - self.first) % 7


DEFAULT_PARTS = (OpenPart(0, 4, 9 * 60, 17 * 60),)
"""Monday to Friday, 9 to 5. [D]"""


def parse_office_hours(text: str) -> tuple[OpenPart, ...] | None:
    """The parts of "Mon-Thu 09:00-17:00, Fri 09:00-16:00"; None when it isn't written like that.

    A day may have several parts (a lunch break), but no two at the same time. 24:00 is midnight
    at the end of the day.

    >>> parse_office_hours("Sat 10:00-12:30")
    (OpenPart(first=5, last=5, opens=600, closes=750),)
    >>> parse_office_hours("weekdays, nine to five") is None
    True
    """
    parts: list[OpenPart] = []
    for piece in text.split(","):
        match = _PART.fullmatch(" ".join(piece.split()))
        if match is None:
            return None
        first, last = WEEKDAYS.index(match[1]), WEEKDAYS.index(match[2] or match[1])
        opens, closes = (int(match[i]) * 60 + int(match[i + 1]) for i in (3, 5))
        part = OpenPart(first, last, opens, closes)
        if not opens < closes <= 24 * 60 or any(_collide(part, other) for other in parts):
            return None
        parts.append(part)
    return tuple(parts)


def _collide(one: OpenPart, other: OpenPart) -> bool:
    same_day = any(one.falls_on(day) and other.falls_on(day) for day in range(7))
    return same_day and one.opens < other.closes and other.opens < one.closes


@dataclass(frozen=True)
class OfficeHours:
    """The site's opening times.

    zone: in which the parts are read. holidays: days on which the office stays closed.
    """

    parts: tuple[OpenPart, ...]
    zone: ZoneInfo
    holidays: Container[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        """Whether staff work at this moment; no more at the very moment of closing."""
        return any(start <= at < end for start, end in self._spans_of(self._day_of(at)))

    def next_opening(self, at: datetime) -> datetime:
        """This moment when it is open, else the next at which it opens; in UTC.

        Raises:
            ValueError: it stays closed for a year.
        """
        for start, _end in self._spans_after(at):
            return start
        raise ValueError(f"The office stays closed for {LONGEST_CLOSURE_DAYS} days after {at}.")

    def add_minutes(self, at: datetime, minutes: int) -> datetime:
        """The moment by which so many working minutes have passed; in UTC.

        0 minutes are `next_opening`; a day's last minute ends at its closing, not next morning.

        Raises:
            ValueError: less than 0 minutes, or it stays closed for a year.
        """
        if minutes < 0:
            raise ValueError(f"{minutes} working minutes can't be added.")
        at, left = self.next_opening(at), timedelta(minutes=minutes)
        while True:
            for start, end in self._spans_after(at):
                if left <= end - start:
                    return start + left
                left -= end - start
                at = end
            at = self.next_opening(at)  # more than a year of work: go on from here

    def minutes_between(self, begin: datetime, end: datetime) -> int:
        """Whole working minutes from one moment to a later one; 0 when it isn't later."""
        worked, day, last_day = timedelta(), self._day_of(begin), self._day_of(end)
        while day <= last_day:
            for start, close in self._spans_of(day):
                worked += max(min(close, end) - max(start, begin), timedelta())
            day += timedelta(days=1)
        return worked // timedelta(minutes=1)

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _spans_after(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans of the coming year that end after a moment, the running one from there."""
        first = self._day_of(at)
        for day in (first + timedelta(days=n) for n in range(LONGEST_CLOSURE_DAYS)):
            for start, end in self._spans_of(day):
                if end > at:
                    yield max(start, at).astimezone(timezone.utc), end

    def _spans_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Open spans of a day in order, in UTC."""
        if day in self.holidays:
            return
        before = datetime.min.replace(tzinfo=timezone.utc)
        for part in sorted(self.parts, key=lambda part: part.opens):
            if part.falls_on(day.weekday()):
                # Where the clock jumps, two spans can overlap, or one can end before it starts.
                start = max(self._moment(day, part.opens), before)
                end = self._moment(day, part.closes)
                if start < end:
                    yield start, end
                    before = end

    def _moment(self, day: date, minutes: int) -> datetime:
        days, rest = divmod(minutes, 24 * 60)
        wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60))
        return wall.replace(tzinfo=self.zone).astimezone(timezone.utc)
