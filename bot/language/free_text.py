"""Free text that staff write or pass on, without what would say whose it is.

Pure. `bot.services.interface_issues` stores reports through `without_identifiers` and shows and
exports them through `for_reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from bot.language.dates import find_dates
from bot.language.identifiers import BIRTH_DATE_AGE, TOKEN, mask
from bot.pathway.folding import fold

HIDDEN = "•••"
EMAIL = re.compile(r"[^\s@<>()\[\]]+@[^\s@<>()\[\]]+\.[^\W\d_]{2,}")
WORD = re.compile(r"[^\W\d_]+")
SHORT_NAME_LETTERS = 3
"""Names as short as this ("Do", "May") count only with a capital: they are words as well."""
WORDS_OF_KINDS = {
    "family-name": "name",
    "nhs-number": "NHS number",
    "date-of-birth": "date of birth",
    "unclear-date": "date",
    "unreadable-date": "date",
    "code": "code",
    "phone": "phone number",
    "postcode": "postcode",
    "reference": "reference number",
    "number": "number",
}


def without_identifiers(
    text: str, today: date, names: Iterable[str] = (), birth_date: date | None = None
) -> str:
    """`text` with tokens for identifiers and dots for e-mail addresses and the patient's names.

    Tokens that stand in it already stay.

    Args:
        today: tells birth dates from appointment dates.
        names: the patient's, as far as the patient is known; each word of them is hidden.
        birth_date: the patient's own, hidden however young the patient is.
    """
    known = {fold(word) for name in names for word in WORD.findall(name) if len(word) > 1}
    pieces, position = [], 0
    for token in TOKEN.finditer(text):
        pieces += [_without(text[position : token.start()], today, known, birth_date), token[0]]
        position = token.end()
    return "".join([*pieces, _without(text[position:], today, known, birth_date)])


def for_reading(text: str) -> str:
    """Tokens as words.

    >>> for_reading("She called from [phone#8646978058] twice.")
    'She called from [phone number removed] twice.'
    """
    return TOKEN.sub(lambda token: f"[{WORDS_OF_KINDS[token[1]]} removed]", text)


def _without(text: str, today: date, names: set[str], birth_date: date | None) -> str:
    for found in reversed(find_dates(text, today, compact=True)):
        if found.value and (found.value == birth_date or found.value <= today - BIRTH_DATE_AGE):
            text = f"{text[: found.start]}[date-of-birth#0]{text[found.end :]}"
    masked = mask(EMAIL.sub(HIDDEN, text), today)
    pieces, position = [], 0
    for token in TOKEN.finditer(masked):
        pieces += [_without_names(masked[position : token.start()], names), token[0]]
        position = token.end()
    return "".join([*pieces, _without_names(masked[position:], names)])


def _without_names(text: str, names: set[str]) -> str:
    def hide(word: re.Match[str]) -> str:
        is_name = fold(word[0]) in names
        short = len(word[0]) <= SHORT_NAME_LETTERS and word[0].islower()
        return HIDDEN if is_name and not short else word[0]

    return WORD.sub(hide, text) if names else text
