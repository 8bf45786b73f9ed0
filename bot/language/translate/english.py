"""The English words that carry numbers, dates, times and negations: tables for `facts`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel import Locale

_english = Locale.parse("en_GB")
MONTHS = {
    name.casefold(): str(number)
    for width in ("wide", "abbreviated")
    for number, name in _english.months["format"][width].items()
} | {"sep": "9"}
WEEKDAYS = {name.casefold(): str(day) for day, name in _english.days["format"]["wide"].items()}
"""Monday is 0."""
SHORT_WEEKDAYS = {
    name: str(day) for day, name in _english.days["format"]["abbreviated"].items()
} | {"Tues": "1", "Weds": "2", "Thur": "3", "Thurs": "3"}

UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS = {word: number for number, word in enumerate(UNITS)} | {
    word: 10 * number for number, word in enumerate(TENS, start=2)
}
LOOSE_WORDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("a", "an", "one", "once", "first", "single"), ("1",)),
    **dict.fromkeys(("twice", "second", "couple", "both", "pair"), ("2",)),
    "third": ("3",),
    "fourth": ("4",),
    "fifth": ("5",),
    "half": ("30", "0.5"),
    "quarter": ("15", "45"),
    "dozen": ("12",),
    "hundred": ("100",),
    "thousand": ("1000",),
    "fortnight": ("2", "14", "15"),
}
"""Words that need not say a number, and the digits that they may become ("an hour", "1 hour")."""


def _any(words: Iterable[str]) -> str:
    """A pattern for one of `words`, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


_month = rf"(?:{_any(MONTHS)})\b"
DAY_THEN_MONTH = re.compile(rf"(?<=\d)(?:st|nd|rd|th)?(?: of)? (?P<name>{_month})", re.IGNORECASE)
MONTH_THEN_DAY = re.compile(rf"\b(?P<name>{_month})(?=\.?,? \d)", re.IGNORECASE)
LONE_MONTH = re.compile(
    r"(?P<led>\b(?:in|of|on|during|since|until|till|by|next|last|this|from|to|before|after) )?"
    rf"\b(?P<name>{_month})",
    re.IGNORECASE,
)
WORDS_LIKE_MONTHS = ("may", "march", "mar")
"""Months only with a capital, and beside a day or after a word such as "in"."""

WEEKDAY = re.compile(rf"\b({_any(WEEKDAYS)})s?\b", re.IGNORECASE)
SHORT_WEEKDAY = re.compile(
    r"(?:(?<=\bon )|(?<=\bnext )|(?<=\bthis )|(?<=\bto )|(?<=\bevery )|(?<=\w[-–])"
    rf"|\b(?=\w+\.?(?:,? \d|[-–]| to )))({_any(SHORT_WEEKDAYS)})\b"
)
"""Only where it can't be another word: "Sat 5 May", "on Wed", "Mon-Fri"."""
RELATIVE_DAY = re.compile(r"\b(?:today|tomorrow|yesterday)\b", re.IGNORECASE)

_hour = r"(?<![\d.,:])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?"
CLOCK = re.compile(rf"{_hour} ?(?P<mark>[ap])\.? ?m\b\.?", re.IGNORECASE)
CLOCK_IN_WORDS = re.compile(
    rf"(?:(?<=\bat )|(?<=\bby )|(?=\d{{1,2}}[:.]\d)|(?=\d{{1,2}} o')){_hour}(?: o'clock)? "
    r"(?:in the (?P<part>morning|afternoon|evening)|at night)",
    re.IGNORECASE,
)
"""After "at", or plainly a time: "2 in the evening" alone may be two tablets."""
RANGE_BEFORE = re.compile(rf"{_hour} ?(?:-|–|to|and|or|until|till) ?$", re.IGNORECASE)
LONGEST_RANGE = 20
"""Characters before an hour in which "2 and " of "between 2 and 4 pm" must stand."""
NOON = re.compile(r"\b(?:12(?:[:.]00)? )?(?:(noon|midday)|midnight)\b", re.IGNORECASE)
NUMBER_IN_WORDS = re.compile(
    rf"\b(?:(?P<tens>{_any(TENS)})[- ](?P<unit>{_any(UNITS[1:10])})"
    rf"|(?P<word>{_any(word for word in NUMBER_WORDS if word != 'one')}))\b",
    re.IGNORECASE,
)
NOT = re.compile(
    r"\b(?:not|no(?! ?\.? ?[\d|])|never|none|nobody|nothing|nowhere|neither|nor|cannot|without"
    r"|unable|impossible|unnecessary|unavailable|(?:do|does|did|is|are|was|were|has|have|had|ca|wo|would"
    r"|could|should|must|need)n'?t)\b",
    re.IGNORECASE,
)
"""One class: "never" may come back as "not ever", "no need" as "don't need". Not "No. 5", where
`facts` may have blanked the digit."""
