"""The numbers of a text in any language, in one notation, so that they can be compared.

Pure. "14:30", "14.30", "14h30", "١٤:٣٠" and "14点30分" are all 14.30; "1,500", "1.500" and "1500"
are 1500. `facts` builds on it for English.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.pathway.folding import digits_to_ascii

SIGNS = str.maketrans(
    {"：": ":", "٫": ".", "٬": ",", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
)
HOURS_AND_MINUTES = re.compile(r"(?<!\d)(\d{1,2})\s?(?:h|giờ|点|點|时|時)\s?(\d{2})(?!\d)")
DOTTED_DATE = re.compile(r"(?<![\d.])(\d{1,4})\.(\d{1,2})\.(\d{1,4})(?![\d.]*\d)")
NUMBER = re.compile(r"\d+(?:[.,:']\d+)*")
SPACED_THOUSANDS = re.compile(r"(?<![\d.,:])[1-9]\d{0,2}(?: \d{3})+(?!\d)")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:[.,']\d{3})+|(?:,\d{2})+,\d{3})")
"""1,500 and 1.500 and 1'500; also 1,50,000, as in South Asia."""


@dataclass(frozen=True)
class FoundNumber:
    """A number at text[start:end]; `value` is its notation here."""

    start: int
    end: int
    value: str


def plain(text: str) -> str:
    """`text` with ASCII digits and signs, without invisible marks; positions are its own."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    signed = digits_to_ascii(visible).translate(SIGNS)
    clock = HOURS_AND_MINUTES.sub(r"\1:\2", signed)
    return DOTTED_DATE.sub(r"\1/\2/\3", clock)


def find_numbers(text: str) -> list[FoundNumber]:
    """All numbers of a `plain` text, in order. Dates are three numbers, ranges are two.

    >>> [number.value for number in find_numbers(plain("5.05.2026, 09:30, 1,500 m, 10:00–11.15"))]
    ['5', '5', '2026', '9.30', '1500', '10', '11.15']
    """
    return [
        FoundNumber(match.start(), match.end(), value_of(match[0]))
        for match in NUMBER.finditer(text)
    ]


def value_of(typed: str) -> str:
    """One notation for a number as typed: thousands joined, no leading zero, no full hour's 00.

    >>> value_of("02:00"), value_of("14.30"), value_of("0,5"), value_of("1.500")
    ('2', '14.30', '0.5', '1500')
    """
    if THOUSANDS.fullmatch(typed):
        return re.sub(r"\D", "", typed)
    first, *rest = re.split(r"\D", typed)
    if rest == ["00"]:
        rest = []
    return ".".join([first.lstrip("0") or "0", *rest])


def join_thousands(text: str) -> str:
    """The other way to read "1 500": as one number.

    >>> join_thousands("1 500 m, 20 000 000")
    '1500 m, 20000000'
    """
    return SPACED_THOUSANDS.sub(lambda match: match[0].replace(" ", ""), text)
