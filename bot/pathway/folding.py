"""Text made comparable: case, accents, Arabic letter forms and punctuation folded away.

Used by the red-flag lexicon and by the date reader. Pure; one rule for all languages.
"""

from __future__ import annotations

import re
import unicodedata

ARABIC_FORMS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ہ": "ه"}
    | {"ـ": None}
)
APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
"""Joiners, direction marks and isolates, which hide inside words."""
HAN = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff])")
"""Chinese is written without spaces: each character is taken as a word."""
NOT_A_WORD = re.compile(r"[^\w\s]|_", re.UNICODE)
LETTERS_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"}
)


def fold_accents(text: str) -> str:
    """Latin, Greek and Cyrillic accents and Arabic vowel marks off; Indic vowel signs stay.

    >>> fold_accents("Łódź, ramię")
    'Lodz, ramie'
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS_WITHOUT_DECOMPOSITION))
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) or _indic(c))
    return unicodedata.normalize("NFC", kept).translate(ARABIC_FORMS)


def fold(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces; digits of all scripts as 0-9.

    >>> fold("I  can’t breathe!!")
    'i cant breathe'
    >>> fold("我胸口痛。")
    '我 胸 口 痛'
    """
    text = APOSTROPHES.sub("", text.translate(INVISIBLE).casefold())
    text = HAN.sub(r" \1 ", "".join(_digit(c) for c in fold_accents(text)))
    return " ".join(NOT_A_WORD.sub(lambda m: m[0] if _indic(m[0]) else " ", text).split())


def digits_to_ascii(text: str) -> str:
    """Decimal digits of any script as 0-9, one character for one, so that positions hold.

    >>> digits_to_ascii("١٢ মে ১৯৬১")
    '12 মে 1961'
    """
    return "".join(_digit(c) for c in text)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _indic(character: str) -> bool:
    """True for marks of the Indic scripts (U+0900-U+0DFF), which are letters there."""
    return "\u0900" <= character <= "\u0dff"
