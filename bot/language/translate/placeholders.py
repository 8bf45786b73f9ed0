"""Takes identifiers out of a text before a translator sees it, and puts them back after.

Pure. `translator.MachineTranslator` calls `hide` before the request and `Hidden.put_back` after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.errors import TranslationFailed
from bot.language.catalogues import direction
from bot.language.identifiers import POSTCODE, TOKEN, find
from bot.language.render import FIRST_STRONG_ISOLATE, POP_ISOLATE
from bot.pathway.folding import digits_to_ascii

CODE = re.compile(r"Q[\s-]?X[\s-]?(\d(?:[\s-]?\d)+)[\s-]?Z", re.IGNORECASE)
"""Our placeholder as it may come back: other case, spaces or hyphens inside, another script's
digits (made ASCII first). It looks like a part number, which engines copy; letters at both ends
keep a number that stands beside it apart."""
FIRST_NUMBER = 10
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.ASCII)
LINK = re.compile(
    r"(?:https?://|www\.)[!-~]*[\w/]"
    r"|\b(?:[\w-]{1,63}\.){1,8}(?:uk|com|org|net)\b(?:/[!-~]*[\w/])?",
    re.ASCII | re.IGNORECASE,
)
"""Links are taken out whole: an invitation's link lets its holder in."""
POSTCODE_ANYWHERE = re.compile(POSTCODE.pattern, re.IGNORECASE | re.ASCII)
"""Also where it touches a letter of another script: Chinese puts no space before it."""
ISOLATES = dict.fromkeys(range(0x2066, 0x206A))


@dataclass(frozen=True)
class Hidden:
    """A text with codes where identifiers stood; `items` are these, in order."""

    text: str
    items: tuple[str, ...]

    def put_back(self, translated: str, target: str) -> str:
        """`translated` with the identifiers in the places of their codes.

        In right-to-left languages each is isolated, or the groups of a phone number would be
        shown in reverse order.

        Raises:
            TranslationFailed: "nonsense", when a code is missing, doubled or not one of ours.
        """
        plain = digits_to_ascii(translated)
        codes = list(CODE.finditer(plain))
        numbers = [re.sub(r"\D", "", code[1]) for code in codes]
        items = {str(number): item for number, item in enumerate(self.items, FIRST_NUMBER)}
        if sorted(numbers) != sorted(items):
            raise TranslationFailed("nonsense")
        isolate = direction(target) == "rtl"
        pieces, position = [], 0
        for code, number in zip(codes, numbers):
            item = items[number]
            shown = f"{FIRST_STRONG_ISOLATE}{item}{POP_ISOLATE}" if isolate else item
            pieces += [translated[position : code.start()], shown]
            position = code.end()
        return "".join([*pieces, translated[position:]])


def hide(text: str, today: date) -> Hidden:
    """`text` without sealed tokens, identifiers, e-mail addresses and links.

    Args:
        text: a patient's, with tokens; or a coordinator's, as typed.
        today: tells birth dates from appointment dates.

    >>> hide("Is 07700 900123 still right?", date(2026, 5, 4)).text
    'Is QX10Z still right?'
    """
    text = text.translate(ISOLATES)
    spans: list[tuple[int, int]] = []
    rest = text  # what is found already is blanked, so that nothing is found inside it
    # CODE: what looks like a code of ours already must come back as it was.
    for pattern in (TOKEN, EMAIL, LINK, CODE, POSTCODE_ANYWHERE):
        for match in pattern.finditer(rest):
            spans.append(match.span())
        rest = pattern.sub(lambda match: "|" * len(match[0]), rest)
    spans += [(item.start, item.end) for item in find(rest, today)]
    pieces: list[str] = []
    items: list[str] = []
    position = 0
    for start, end in sorted(spans):
        pieces += [text[position:start], f"QX{FIRST_NUMBER + len(items)}Z"]
        items.append(text[start:end])
        position = end
    return Hidden("".join([*pieces, text[position:]]), tuple(items))
