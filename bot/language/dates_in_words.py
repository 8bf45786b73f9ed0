"""Dates with a month in words: "3 maja 1961", "١٢ مرداد ١٣٥٤", "dwudziestego maja 61".

From each month's name the reader looks both ways for a day and a year, over small words ("de",
"roku", "tháng"). Called by `bot.language.dates`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.language.date_words import WORD, DateWords, Phrase, comparable, date_words

TOKEN = re.compile(rf"(?P<number>\d+)|(?P<word>{WORD.pattern})|(?P<other>\S)")
BETWEEN = set(",،.-/'’`°ºª–")
LONGEST_PHRASE = 4
MOST_LINKS = 4
LATEST_HOUR = 24
YEAR_LINKS = frozenset(
    ("of", "de", "del", "di", "do", "roku", "rok", "an", "anul", "in", "sal", "nam")
    + ("من", "شهر", "سنه", "عام", "سال", "সাল", "সালের", "года", "року")
)
"""What may stand in front of a year of two digits: "del 90"; else "3 mai la 10" were a date."""


@dataclass(frozen=True)
class WrittenDate:
    """Where it stands, and its parts as written; persian: of the Solar Hijri calendar."""

    start: int
    end: int
    year: str
    month: int
    day: int
    persian: bool


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    text: str
    kind: str


@dataclass(frozen=True)
class _Value:
    """A number, or a day in words, and what lies beyond it.

    at: the first token that it takes; beyond: the one after it, in reading direction.
    bare: nothing but marks and a year's word stand between it and where the search began.
    """

    number: str
    at: int
    beyond: int
    word: bool
    bare: bool


def written_dates(text: str, *, asked: bool) -> Iterable[WrittenDate]:
    """All dates with a month in words; `text` has ASCII digits.

    Args:
        asked: a date was asked for; else "3 May 10" is a time of day, not the year 2010.
    """
    words = date_words()
    tokens = [
        _Token(m.start(), m.end(), comparable(m[0]) if m["word"] else m[0], str(m.lastgroup))
        for m in TOKEN.finditer(text)
    ]
    at = 0
    while at < len(tokens):
        found = _month(tokens, at, words)
        if found is None:
            at += 1
            continue
        month, after, persian = found
        written = _around(tokens, at, after, words)
        if written is None:
            at += 1
            continue
        day, year, first, last = written
        if len(year) == 2 and not asked and int(year) <= LATEST_HOUR:
            at += 1
            continue
        yield WrittenDate(tokens[first].start, tokens[last].end, year, month, day, persian)
        at = last + 1


def _month(tokens: Sequence[_Token], at: int, words: DateWords) -> tuple[int, int, bool] | None:
    """(month, the token after it, of the Persian calendar) of a month that begins at `at`."""
    for length in range(LONGEST_PHRASE, 0, -1):
        phrase = _phrase(tokens, at, at + length)
        if phrase is None:
            continue
        for known, persian in ((words.months, False), (words.persian_months, True)):
            if phrase in known:
                return known[phrase], at + length, persian
        if phrase in words.month_words and at + length < len(tokens):
            number = tokens[at + length]
            if number.kind == "number" and 1 <= int(number.text) <= 12:
                return int(number.text), at + length + 1, False
    return None


def _around(
    tokens: Sequence[_Token], first: int, after: int, words: DateWords
) -> tuple[int, str, int, int] | None:
    """(day, year, first token, last token) around a month that takes tokens first … after - 1."""
    before = _value(tokens, first - 1, -1, words)
    behind = _value(tokens, after, 1, words)
    if before and behind and not (_is_year(behind) and _is_year(before)):
        if _is_year(before) and _is_day(behind):  # 1961 May 3
            return int(behind.number), before.number, before.at, behind.at
        if _is_day(before) and _can_be_year(behind):  # 3 May 1961
            return int(before.number), behind.number, before.at, behind.at
    if behind and _is_day(behind):  # May 3, 1961
        year = _value(tokens, behind.beyond, 1, words)
        if year and _is_year(year):
            return int(behind.number), year.number, first, year.at
    if before and _is_day(before):  # 1961, 3 May
        year = _value(tokens, before.beyond, -1, words)
        if year and _is_year(year):
            return int(before.number), year.number, year.at, after - 1
    return None


def _value(tokens: Sequence[_Token], at: int, step: int, words: DateWords) -> _Value | None:
    """The next number or day in words from token `at` on, in direction `step`."""
    links, bare = 0, True
    while 0 <= at < len(tokens) and links <= MOST_LINKS:
        token = tokens[at]
        if token.kind == "number":
            return _Value(token.text, at, at + step, False, bare)
        if token.kind == "other":
            if token.text not in BETWEEN:
                return None
            at += step
            continue
        day = _known(tokens, at, step, words.days)
        if day:
            number, length = day
            far = at + step * (length - 1)
            return _Value(str(number), far, far + step, True, bare)
        link = _known(tokens, at, step, dict.fromkeys(words.links, 0))
        if link is None:
            return None
        bare &= link[1] == 1 and token.text in YEAR_LINKS
        links += 1
        at += step * link[1]
    return None


def _known(
    tokens: Sequence[_Token], at: int, step: int, known: Mapping[Phrase, int]
) -> tuple[int, int] | None:
    """(meaning, length) of the longest phrase that begins, or ends, at `at`."""
    for length in range(LONGEST_PHRASE, 0, -1):
        first, last = (at, at + length) if step > 0 else (at - length + 1, at + 1)
        phrase = _phrase(tokens, first, last)
        if phrase is not None and phrase in known:
            return known[phrase], length
    return None


def _phrase(tokens: Sequence[_Token], first: int, last: int) -> Phrase | None:
    part = tokens[max(first, 0) : last]
    if first < 0 or len(part) != last - first or any(token.kind != "word" for token in part):
        return None
    return tuple(token.text for token in part)


def _is_day(value: _Value) -> bool:
    return len(value.number) <= 2


def _is_year(value: _Value) -> bool:
    return len(value.number) in (3, 4) and not value.word


def _can_be_year(value: _Value) -> bool:
    return _is_year(value) or (len(value.number) == 2 and not value.word and value.bare)
