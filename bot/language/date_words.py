"""The words of dates: months, days, and what stands between them, in every language.

Month names come from Babel; `bot/data/dates/<lang>.yml` adds how people really type them:
inflected, regional, romanised, days in words, endings glued to digits ("24kii"). Used by
`bot.language.dates_in_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, localedata

from bot.pathway.folding import fold_accents

FOLDER = Path(__file__).resolve().parent.parent / "data" / "dates"
MARKS = "\u0900-\u0dff"
LETTERS = rf"[^\W\d_{MARKS}]"
WORD = re.compile(rf"{LETTERS}+(?:[\u200c'’]{LETTERS}+)*|[{MARKS}\u200c\u200d]+")
"""A word of letters, with the marks of the Indic scripts, and what joins two halves of a word."""
JOINERS = re.compile("['’\u200c\u200d]")
LANGUAGES_WITH_MONTHS = frozenset(
    ("en", "es", "pt", "fr", "it", "pl", "ro", "tr", "sq", "ar", "fa", "ur", "bn", "ta")
    + ("ne", "so", "vi", "uk", "ru", "hi", "pa", "gu", "de", "nl", "el", "bg", "lt", "ku")
)
"""The offered languages of the design, and others that Londoners write dates in."""

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class DateWords:
    """Phrases (tuples of comparable words) of all languages together.

    A phrase that means different months, or different days, in different languages is left out.
    month_words: what makes a number behind it a month (Vietnamese "tháng 8").
    """

    months: Mapping[Phrase, int]
    persian_months: Mapping[Phrase, int]
    days: Mapping[Phrase, int]
    links: frozenset[Phrase]
    month_words: frozenset[Phrase]


def comparable(word: str) -> str:
    """A word without case, accents and joiners; Bengali long and short i are written alike.

    >>> comparable("Ağustos'ta")
    'agustosta'
    """
    return fold_accents(JOINERS.sub("", word).casefold()).replace("ী", "ি")


def phrase_of(text: str) -> Phrase:
    """The comparable words of a text."""
    return tuple(comparable(word) for word in WORD.findall(text))


@lru_cache(maxsize=1)
def date_words() -> DateWords:
    """All that is known, read once a process."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files: list[dict[str, Any]] = [
        yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506  (a safe loader)
        for path in sorted(FOLDER.glob("*.yml"))
    ]
    months = [*_babel_months(), *_numbered(files, "months")]
    links = [*_listed(files, "links"), *_listed(files, "day_endings")]
    return DateWords(
        _without_doubt(months),
        _without_doubt(_numbered(files, "persian_months")),
        _without_doubt(_numbered(files, "days")),
        frozenset(links),
        frozenset(_listed(files, "month_words")),
    )


@lru_cache(maxsize=1)
def month_names() -> dict[Phrase, int]:
    """The months' names that Babel has, without those that people type besides."""
    return _without_doubt(_babel_months())


def _babel_months() -> Iterable[tuple[Phrase, int]]:
    """Regional names are in (Levantine شباط, Maghrebi جانفي), inflected and short ones too."""
    for identifier in localedata.locale_identifiers():
        if identifier.split("_")[0] not in LANGUAGES_WITH_MONTHS:
            continue
        months = Locale.parse(identifier).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    phrase = phrase_of(name)
                    shortest = 3 if name.isascii() else 2
                    if phrase and len("".join(phrase)) >= shortest:
                        yield phrase, number


def _numbered(files: Iterable[dict[str, Any]], key: str) -> Iterable[tuple[Phrase, int]]:
    for data in files:
        for number, names in (data.get(key) or {}).items():
            for name in names or ():
                if phrase := phrase_of(str(name)):
                    yield phrase, int(number)


def _listed(files: Iterable[dict[str, Any]], key: str) -> Iterable[Phrase]:
    return (
        phrase for data in files for name in data.get(key) or () if (phrase := phrase_of(str(name)))
    )


def _without_doubt(pairs: Iterable[tuple[Phrase, int]]) -> dict[Phrase, int]:
    meanings: dict[Phrase, set[int]] = {}
    for phrase, number in pairs:
        meanings.setdefault(phrase, set()).add(number)
    return {phrase: numbers.pop() for phrase, numbers in meanings.items() if len(numbers) == 1}
