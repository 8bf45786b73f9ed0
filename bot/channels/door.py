"""What the door makes of a text, before it is stored: pure rules, in their order.

The red-flag lexicon screens the whole text first; a flagged message is never limited or cut away
from its flag. Called by `bot.channels.intake`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from bot.language.identifiers import mask
from bot.pathway.lexicon import Lexicon
from bot.pathway.red_flags import Outcome, RedFlag
from bot.pathway.screening import screen

INVISIBLE_CATEGORIES = ("Cc", "Cf", "Co", "Cs")
KEPT = {"\n", "\u200c", "\u200d"}
"""Zero-width (non-)joiners are letters' shapes in Persian and Bengali."""
COMMAND_SIGN = re.compile(r"^[\s/\u200c\u200d]+")


@dataclass(frozen=True)
class Checked:
    """A text ready to be sealed and stored.

    words: False when there is nothing to read in it (emoji only).
    """

    text: str
    red_flag: RedFlag
    too_long: bool
    words: bool


def check(text: str, lexicons: tuple[Lexicon, ...], max_length: int) -> Checked:
    """Normalise, screen, cut.

    >>> check("/restart\\x00", (), 2000).text
    'restart'
    """
    clean = clean_text(text)
    red_flag = screen(mask(clean, date.today()), lexicons)  # "999 000 1014" is no call for help
    short = clean[:max_length]
    words = any(character.isalnum() for character in short)
    return Checked(short, red_flag, len(clean) > max_length, words)


def clean_text(text: str) -> str:
    """Unicode NFC without control and direction characters; a leading `/` would be a command."""
    normal = unicodedata.normalize("NFC", text)
    kept = (c for c in normal if c in KEPT or unicodedata.category(c) not in INVISIBLE_CATEGORIES)
    return COMMAND_SIGN.sub("", "".join(kept)).strip()


def is_flagged(checked: Checked) -> bool:
    """True when the lexicon found something."""
    return checked.red_flag.outcome is not Outcome.NOTHING
