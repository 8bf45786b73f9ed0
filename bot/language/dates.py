"""Dates as people type them, in the words and digits of their language.

Month names come from Babel, so a new language needs nothing here. Year-first dates are read as
such (`dateparser` reads 1961-05-03 as 5 March when told day-first), two-digit years lie in the
past, and an impossible date is found but has no value. Pure: `today` is an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel import Locale, localedata

from bot.pathway.folding import digits_to_ascii, fold_accents

NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,4})\s?([./\-،·年])\s?(\d{1,2})\s?([./\-،·月])\s?(\d{1,4})日?(?!\d|[./-]\d)"
)
COMPACT = re.compile(
    r"(?<!\d)(?:(\d{2})(\d{2})((?:19|20)\d{2})|(\d{1,2}) +(\d{1,2}) +(\d{4}|\d{2}))(?!\d)"
)
ORDINAL = r"(?:st|nd|rd|th|er|o|º|ª|\.|-?go|শে|ই|লা|রা|ঠা)?"
LINK = r"(?:\s*[,،./\-]\s*|\s+(?:of|de|del|di|do|roku|من|شهر|سنة|عام|in|sal|সাল|সালের)\s+|\s+)"
MARKS = "\u0900-\u0dff"


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
    found += _in_words(plain, today)
    if compact:
        found += [_compact(match, today) for match in COMPACT.finditer(plain)]
    kept: list[FoundDate] = []
    for item in sorted(found, key=lambda f: (f.value is None, f.start)):
        if all(item.end <= other.start or item.start >= other.end for other in kept):
            kept.append(item)
    return sorted(kept, key=lambda f: f.start)


def _numeric(match: re.Match[str], today: date) -> FoundDate:
    first, second, third = match[1], int(match[3]), match[5]
    if len(first) >= 3:  # year first, then month: ISO, and East Asia's order
        return FoundDate(
            match.start(), match.end(), _date(int(first), second, int(third), swap=True)
        )
    year = _full_year(third, today)
    day = int(first)
    value = _date(year, second, day, swap=True)
    ambiguous = day <= 12 and second <= 12 and day != second
    return FoundDate(match.start(), match.end(), value, ambiguous and value is not None)


def _compact(match: re.Match[str], today: date) -> FoundDate:
    day, month, year = (part for part in match.groups() if part is not None)
    value = _date(_full_year(year, today), int(month), int(day), swap=True)
    return FoundDate(match.start(), match.end(), value)


def _in_words(text: str, today: date) -> list[FoundDate]:
    found = []
    months = month_names()
    for word in WORD_WITH_MARKS.finditer(text):
        month = months.get(_key(word[0]))
        if month is None:
            continue
        before = re.search(rf"(\d{{1,4}}){ORDINAL}{LINK}$", text[: word.start()], re.IGNORECASE)
        after = re.match(
            rf"\.?{LINK}(\d{{1,4}}){ORDINAL}(?:{LINK}(\d{{4}}))?(?!\d)",
            text[word.end() :],
            re.IGNORECASE,
        )
        if before and after and not (after[2] and len(before[1]) == 4):  # 3 May 1961, 1961 May 3
            first, last = before[1], after[1]
            if len(first) >= 3:
                year, day = int(first), int(last)
            else:
                year, day = _full_year(last, today), int(first)
            end = word.end() + after.end(1)
            found.append(FoundDate(before.start(1), end, _date(year, month, day)))
        elif after and after[2]:  # May 3, 1961
            end = word.end() + after.end(2)
            found.append(FoundDate(word.start(), end, _date(int(after[2]), month, int(after[1]))))
    return found


WORD_WITH_MARKS = re.compile(rf"[^\W\d_{MARKS}]+|[{MARKS}\u200c\u200d]+", re.UNICODE)


def _full_year(typed: str, today: date) -> int:
    year = int(typed)
    if len(typed) > 2:
        return year
    return 2000 + year if 2000 + year <= today.year else 1900 + year


def _date(year: int, month: int, day: int, *, swap: bool = False) -> date | None:
    if swap and month > 12 >= day:
        month, day = day, month
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    return value if value.year >= 1900 else None


def _key(word: str) -> str:
    """Comparable form of a month's name; Bengali long and short i are written alike."""
    return fold_accents(word.casefold()).replace("ী", "ি")


@lru_cache(maxsize=1)
def month_names() -> dict[str, int]:
    """Month names of all languages that Babel knows as living in a main locale → 1..12.

    Regional names are in (Levantine شباط, Maghrebi جانفي), inflected and short ones too. A word
    that means different months in different languages is left out.
    """
    names: dict[str, set[int]] = {}
    for identifier in localedata.locale_identifiers():
        if identifier.split("_")[0] not in LANGUAGES_WITH_MONTHS:
            continue
        months = Locale.parse(identifier).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    key = _key(name.strip(". "))
                    if len(key) >= (3 if key.isascii() else 2) and not key.isdigit():
                        names.setdefault(key, set()).add(number)
    return {name: numbers.pop() for name, numbers in names.items() if len(numbers) == 1}


LANGUAGES_WITH_MONTHS = frozenset(
    ("en", "es", "pt", "fr", "it", "pl", "ro", "tr", "sq", "ar", "fa", "ur", "bn", "ta")
    + ("ne", "so", "vi", "uk", "ru", "hi", "pa", "gu", "de", "nl", "el", "bg", "lt", "ku")
)
"""The offered languages of the design, and others that Londoners write dates in."""
