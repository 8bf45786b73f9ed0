"""Finds identifiers in what a patient typed: NHS numbers, dates of birth, phones, postcodes, codes.

Pure. `bot.services.seal` replaces what is found here by tokens before Rasa, its tracker store, the
log or a translator sees it; training and evaluation use `mask`, the same finding with fixed tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum.gb import nhs

from bot.language.dates import find_dates
from bot.pathway.folding import digits_to_ascii

KINDS = (
    "family-name",
    "nhs-number",
    "date-of-birth",
    "unclear-date",
    "unreadable-date",
    "code",
    "phone",
    "postcode",
    "reference",
    "number",
)
TOKEN = re.compile(r"\[(" + "|".join(KINDS) + r")#([0-9a-z]+)\]")
BIRTH_DATE_AGE = timedelta(days=365)
"""A full date this old can be a date of birth (design, section 6)."""

GAP = r"[ \u00a0().\-‐–]{0,2}"
NUMBER_RUN = re.compile(rf"(?<!\d)\+?\(?\d(?:{GAP}\d){{4,}}(?!\d)")
TEN_DIGITS = re.compile(rf"(?<!\d)\d(?:{GAP}\d){{9}}(?!\d)")
POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]?[\s\u00a0]{0,2}\d[A-Z]{2}\b", re.IGNORECASE | re.ASCII
)
FAMILY_NAME = re.compile(r"[^\W\d_]+(?:[-'’ ]+[^\W\d_]+){0,3}")
UK_PHONE = re.compile(r"(?:\+|00)?44(0?)\d{9,10}|0[1-37-9]\d{8,9}")


@dataclass(frozen=True)
class Found:
    """An identifier at text[start:end]; `value` is its canonical form (ISO date, bare digits).

    An unclear date's day and month could be the other way round; its value takes the day first.
    """

    kind: str
    start: int
    end: int
    value: str


def find(text: str, today: date, awaiting: str | None = None) -> list[Found]:
    """All identifiers in `text`, in order, not overlapping.

    Args:
        text: as typed, any script's digits.
        today: tells birth dates from appointment dates.
        awaiting: what the conversation has just been asked for (a slot of the identity form):
            shorter runs of digits, dates of any age, or a bare name then count too.
    """
    found: list[Found] = []

    def add(kind: str, start: int, end: int, value: str) -> None:
        if all(end <= other.start or start >= other.end for other in found):
            found.append(Found(kind, start, end, value))

    if awaiting == "family_name" and FAMILY_NAME.fullmatch(text.strip()) and _is_short(text):
        return [Found("family-name", 0, len(text), text.strip())]
    asked_date = awaiting == "date_of_birth"
    for token in TOKEN.finditer(text):  # somebody pastes our own token: it is no identifier
        add("number", token.start(), token.end(), "")
    plain = digits_to_ascii(text)
    for match in TEN_DIGITS.finditer(plain):  # before dates: "9990001014 3 May 1961"
        digits = re.sub(r"\D", "", match[0])
        if valid_nhs_number(digits):
            add("nhs-number", match.start(), match.end(), digits)
    for item in find_dates(text, today, compact=asked_date):
        if item.value is None:
            add("unreadable-date", item.start, item.end, text[item.start : item.end])
        elif asked_date or item.value <= today - BIRTH_DATE_AGE:
            kind = "unclear-date" if item.ambiguous else "date-of-birth"
            add(kind, item.start, item.end, item.value.isoformat())
    for known in found:  # what is found already can't be a part of another number
        plain = plain[: known.start] + "|" * (known.end - known.start) + plain[known.end :]
    for match in NUMBER_RUN.finditer(plain):
        number = kind_of_number(match[0], awaiting)
        if number:
            add(number, match.start(), match.end(), re.sub(r"[^\d+]", "", match[0]))
    for match in POSTCODE.finditer(text):
        add("postcode", match.start(), match.end(), " ".join(match[0].upper().split()))
    return sorted(found, key=lambda item: item.start)


def _is_short(text: str) -> bool:
    """A bare name, not a question: "de la Cruz" is one, "where is my referral" is not."""
    return len(text.split()) <= 2 or (len(text.split()) <= 4 and text != text.lower())


def kind_of_number(typed: str, awaiting: str | None) -> str | None:
    """What a run of digits is; None when it is too short to identify anybody."""
    digits = re.sub(r"[^\d+]", "", typed)
    if awaiting == "code" and re.fullmatch(r"\d{4,8}", digits):
        return "code"
    if valid_nhs_number(digits):
        return "nhs-number"
    if UK_PHONE.fullmatch(digits) or re.fullmatch(r"\+\d{7,15}", digits):
        return "phone"
    if re.fullmatch(r"\d{12}", digits):
        return "reference"
    enough = 5 if awaiting else 7
    return "number" if len(digits.lstrip("+")) >= enough else None


def valid_nhs_number(digits: str) -> bool:
    """Ten digits with a right check digit; 0000000000 and 9999999999 pass it and are refused."""
    return len(digits) == 10 and len(set(digits)) > 1 and bool(nhs.is_valid(digits))


def replace(text: str, found: list[Found], token_for: Callable[[Found], str]) -> str:
    """`text` with each found identifier replaced by what `token_for` gives."""
    pieces, position = [], 0
    for item in found:
        pieces += [text[position : item.start], token_for(item)]
        position = item.end
    return "".join([*pieces, text[position:]])


def mask(text: str, today: date) -> str:
    """`text` as the pipeline sees it, with fixed tokens: for training and evaluation.

    Tokens that stand in it already stay as they are.
    """
    pieces, position = [], 0
    for token in TOKEN.finditer(text):
        pieces += [_mask_plain(text[position : token.start()], today), token[0]]
        position = token.end()
    return "".join([*pieces, _mask_plain(text[position:], today)])


def _mask_plain(text: str, today: date) -> str:
    return replace(text, find(text, today), lambda item: f"[{item.kind}#0]")
