"""What of an English text must survive a translation: numbers, dates, times, "not".

Pure. `changes` compares the facts of what a coordinator wrote with those of its translation and
of the way back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.language.dates import find_dates
from bot.language.translate import english
from bot.language.translate.numbers import find_numbers, value_of

Kind = Literal["number", "month", "weekday", "day", "not"]
NUMERIC_DATE = re.compile(r"(?:\d{4}([./-])\d\d?\1\d\d?|\d\d?([./-])\d\d?\2(?:\d\d){1,2})")
"""Narrower than `find_dates`, which takes the time "11.30-2" for a date."""
LETTER = re.compile(r"[^\W\d_]")
YEARS_AHEAD = date(2099, 12, 31)
"""Two-digit years in what a coordinator writes are of this century."""


@dataclass(frozen=True)
class Fact:
    """One fact of an English text.

    value: comparable: "14.30", "5" (a month's or weekday's number, too), "today", "not".
    shown: as it stands in the text.
    digits: written in digits, so that a translation must have it in digits, too.
    also: numbers that may say the same in a translation, such as "2.30" for 2:30 pm.
    """

    kind: Kind
    value: str
    shown: str
    digits: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The facts of an English text, in order.

    loose: for each word such as "an" or "first" the numbers that it may become, there or back.
    """

    facts: tuple[Fact, ...]
    loose: tuple[tuple[str, ...], ...]


def facts_of(text: str) -> Facts:
    """The facts of an English text that is `numbers.plain`.

    >>> [fact.value for fact in facts_of("Don't come on Tuesday 5 May at 2.30 pm").facts]
    ['not', '1', '5', '5', '14.30']
    """
    reader = _Reader(text)
    reader.read_dates()
    reader.read_months()
    reader.read_clock()
    reader.read_numbers()
    reader.read_words()
    found = sorted(reader.found, key=lambda item: item[0])
    return Facts(tuple(fact for _, fact in found), tuple(reader.loose))


class _Reader:
    """Takes facts off a text, one kind after another; what is taken is blanked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[tuple[int, Fact]] = []
        self.loose: list[tuple[str, ...]] = []

    def _take(self, start: int, end: int, *facts: Fact) -> None:
        self.found += [(start, fact) for fact in facts]
        self.text = f"{self.text[:start]}{'|' * (end - start)}{self.text[end:]}"

    def read_dates(self) -> None:
        """Full dates: 05/06/2026 is 5 June and not 6 May, whichever way it comes back."""
        for item in find_dates(self.text, YEARS_AHEAD):
            shown = self.text[item.start : item.end]
            if item.value is None or not (NUMERIC_DATE.fullmatch(shown) or LETTER.search(shown)):
                continue
            typed = [value_of(number) for number in re.findall(r"\d+", shown)]
            year = str(item.value.year)
            short_year = () if year in typed else (value_of(year[2:]),)
            self._take(
                item.start,
                item.end,
                Fact("number", str(item.value.day), shown, digits=True),
                Fact("month", str(item.value.month), shown, digits=len(typed) == 3),
                Fact("number", year, shown, digits=True, also=short_year),
            )

    def read_months(self) -> None:
        """Months named without a full date."""
        for pattern in (english.DAY_THEN_MONTH, english.MONTH_THEN_DAY, english.LONE_MONTH):
            for match in pattern.finditer(self.text):
                name = match["name"]
                capital = name[0].isupper()
                like_a_word = name.casefold() in english.WORDS_LIKE_MONTHS
                if pattern is english.LONE_MONTH:
                    is_month = capital and bool(match["led"]) if like_a_word else len(name) > 3
                    is_month = is_month or (capital and not like_a_word)
                else:
                    is_month = capital or pattern is english.DAY_THEN_MONTH
                if is_month:
                    month = Fact("month", english.MONTHS[name.casefold()], name)
                    self._take(match.start("name"), match.end("name"), month)

    def read_clock(self) -> None:
        """Hours of which the text says whether they are before or after noon."""
        for match in english.CLOCK.finditer(self.text):
            self._take_clock(match, late=match["mark"] in "pP")
        for match in english.CLOCK_IN_WORDS.finditer(self.text):
            part = (match["part"] or "night").casefold()
            night = part == "night" and 5 < int(match["hour"]) < 12
            self._take_clock(match, late=night or part in ("afternoon", "evening"))
        for match in english.NOON.finditer(self.text):
            hour = "12" if match[1] else "0"
            self._take_word(match, "number", hour, also=(hour, "12", "24"))

    def _take_clock(self, match: re.Match[str], *, late: bool) -> None:
        hour = int(match["hour"])
        until = hour if hour > 12 else hour % 12 + (12 if late else 0)
        earliest = max(0, match.start() - english.LONGEST_RANGE)
        first = english.RANGE_BEFORE.search(self.text[earliest : match.start()])
        self._take_hour(match, until, match.start(), match.end())
        if first and int(first["hour"]) <= 12:  # "2 and 4 pm" are both after noon, "11 and 2" not
            hour = int(first["hour"]) % 12
            hour += 12 if late and hour + 12 < until else 0
            end = max(first.end("hour"), first.end("minute"))
            self._take_hour(first, hour, earliest + first.start(), earliest + end)

    def _take_hour(self, match: re.Match[str], hour: int, start: int, end: int) -> None:
        minute = f".{match['minute']}" if match["minute"] else ""
        value, typed = value_of(f"{hour}{minute}"), value_of(f"{match['hour']}{minute}")
        also = () if typed == value else (typed,)
        shown = self.text[start:end]
        self._take(start, end, Fact("number", value, shown, digits=True, also=also))

    def read_numbers(self) -> None:
        """All other digits."""
        for number in find_numbers(self.text):
            shown = self.text[number.start : number.end]
            hour, *minute = number.value.split(".")
            afternoon = re.fullmatch(r"\d\d[:.]\d\d", shown) and 13 <= int(hour) <= 23
            also = (".".join([str(int(hour) - 12), *minute]),) if afternoon else ()
            self._take(
                number.start,
                number.end,
                Fact("number", number.value, shown, digits=True, also=also),
            )

    def read_words(self) -> None:
        """Numbers, days and negations in words."""
        for match in english.NUMBER_IN_WORDS.finditer(self.text):
            words = [word for word in match.group("tens", "unit", "word") if word]
            value = str(sum(english.NUMBER_WORDS[word.casefold()] for word in words))
            self._take_word(match, "number", value, also=(value,))
        for match in english.WEEKDAY.finditer(self.text):
            self._take_weekday(match, english.WEEKDAYS[match[1].casefold()])
        for match in english.SHORT_WEEKDAY.finditer(self.text):
            self._take_weekday(match, english.SHORT_WEEKDAYS[match[1]])
        for match in english.RELATIVE_DAY.finditer(self.text):
            self._take_word(match, "day", match[0].casefold())
        for match in english.NOT.finditer(self.text):
            self._take_word(match, "not", "not")
        for word in re.findall(r"[a-z]+", self.text.casefold()):
            if word in english.LOOSE_WORDS:
                self.loose.append(english.LOOSE_WORDS[word])

    def _take_weekday(self, match: re.Match[str], day: str) -> None:
        # Vietnamese and Portuguese count the days: Monday is the second.
        self._take_word(match, "weekday", day, also=(str(int(day) + 2),))

    def _take_word(
        self, match: re.Match[str], kind: Kind, value: str, *, also: tuple[str, ...] = ()
    ) -> None:
        self._take(match.start(), match.end(), Fact(kind, value, match[0], also=also))
