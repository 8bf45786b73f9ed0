"""Dates as people type them, in the words and digits of their language.

In digits here, with a month in words by `bot.language.dates_in_words`. Year-first dates are read as
such (`dateparser` reads 1961-05-03 as 5 March when told day-first), two-digit years lie in the
past, years from 1280 to 1430 are of the Persian calendar (Solar Hijri: 1340 began in March 1961),
and an impossible date is found but has no value. Pure: `today` is an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from persiantools.jdatetime import JalaliDate

from bot.language.dates_in_words import WrittenDate, written_dates
from bot.pathway.folding import digits_to_ascii

NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,4})\s?([./\-،·／–])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d|[./-]\d)"
)
COMPACT = re.compile(
    r"(?<!\d)(?:(\d{2})(\d{2})((?:19|20)\d{2})|(\d{1,2}) +(\d{1,2}) +(\d{4}|\d{2}))(?!\d)"
)
COMPACT_YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d{2})([01]\d)([0-3]\d)(?!\d)")
HAN_NUMBER = "[〇零○一二三四五六七八九十廿\\d]"
HAN = re.compile(
    rf"({HAN_NUMBER}{{2,4}})\s?年\s?([正]|{HAN_NUMBER}{{1,3}})\s?月\s?({HAN_NUMBER}{{1,3}})\s?[日号號]?"
)
HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九正", "0001234567891")
PERSIAN_YEARS = range(1280, 1431)


@dataclass(frozen=True)
class FoundDate:
    """A date in a text: `value` is None when it can't be one (31 February).

    `ambiguous` is True when day and month could be the other way round.
    """

    start: int
    end: int
    value: date | None
    ambiguous: bool = False


def find_dates(text: str, today: date, *, compact: bool = False) -> list[FoundDate]:
    """All full dates (day, month, year) in `text`, in order, not overlapping.

    Args:
        text: as typed; digits of any script.
        today: two-digit years are taken as the latest that is not after this day.
        compact: also read ddmmyyyy and “3 5 1961” (when a date was asked for).

    >>> [found.value.isoformat() for found in find_dates("ur. 3 maja 1961", date(2026, 5, 1))]
    ['1961-05-03']
    """
    plain = digits_to_ascii(text)
    found = [_numeric(match, today) for match in NUMERIC.finditer(plain)]
    found += [_in_words(written, today) for written in written_dates(plain, asked=compact)]
    found += [_in_han(match, today) for match in HAN.finditer(plain)]
    if compact:
        found += [_compact(match, today) for match in COMPACT.finditer(plain)]
        found += [_year_first(match) for match in COMPACT_YEAR_FIRST.finditer(plain)]
    kept: list[FoundDate] = []
    for item in sorted(found, key=lambda f: (f.value is None, f.start)):
        if all(item.end <= other.start or item.start >= other.end for other in kept):
            kept.append(item)
    return sorted(kept, key=lambda f: f.start)


def _numeric(match: re.Match[str], today: date) -> FoundDate:
    first, second, third = match[1], int(match[3]), match[4]
    if len(first) >= 3:  # year first, then month: ISO, and East Asia's order
        return FoundDate(
            match.start(), match.end(), _date(int(first), second, int(third), swap=True)
        )
    year = _full_year(third, today)
    day = int(first)
    value = _date(year, second, day, swap=True)
    ambiguous = value is not None and _can_be_swapped(year, day, second)
    return FoundDate(match.start(), match.end(), value, ambiguous)


def _can_be_swapped(year: int, day: int, month: int) -> bool:
    """Whether day and month could be the other way round; Iranians write the year first, or the
    day."""
    return day <= 12 and month <= 12 and day != month and year not in PERSIAN_YEARS


def _compact(match: re.Match[str], today: date) -> FoundDate:
    day, month, year = (part for part in match.groups() if part is not None)
    full = _full_year(year, today)
    value = _date(full, int(month), int(day), swap=True)
    ambiguous = value is not None and _can_be_swapped(full, int(day), int(month))
    return FoundDate(match.start(), match.end(), value, ambiguous)


def _year_first(match: re.Match[str]) -> FoundDate:
    year, month, day = (int(part) for part in match.groups())
    return FoundDate(match.start(), match.end(), _date(year, month, day))


def _in_words(written: WrittenDate, today: date) -> FoundDate:
    if written.persian:
        year = int(written.year) + (1300 if len(written.year) == 2 else 0)
    else:
        year = _full_year(written.year, today)
    return FoundDate(written.start, written.end, _date(year, written.month, written.day))


def _in_han(match: re.Match[str], today: date) -> FoundDate:
    year, month, day = (_han_number(part) for part in match.groups())
    value = _date(_full_year(year, today), int(month), int(day))
    return FoundDate(match.start(), match.end(), value)


def _han_number(text: str) -> str:
    """Digits of a Chinese number below 100, or of a year digit by digit.

    >>> _han_number("二十三"), _han_number("十一"), _han_number("一九四八")
    ('23', '11', '1948')
    """
    tens, ten, units = text.replace("廿", "二十").translate(HAN_DIGITS).partition("十")
    return f"{tens or 1}{units or 0}" if ten else tens


def _full_year(typed: str, today: date) -> int:
    year = int(typed)
    if len(typed) > 2:
        return year
    return 2000 + year if 2000 + year <= today.year else 1900 + year


def _date(year: int, month: int, day: int, *, swap: bool = False) -> date | None:
    if swap and month > 12 >= day:
        month, day = day, month
    try:
        if year in PERSIAN_YEARS:
            value: date = JalaliDate(year, month, day).to_gregorian()
        else:
            value = date(year, month, day)
    except ValueError:
        return None
    return value if value.year >= 1900 else None
