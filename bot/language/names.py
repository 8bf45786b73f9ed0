"""Languages named in a message: "polski proszę", "can we speak Spanish", "بالعربية".

Names come from Babel, in every offered language, so a new language needs nothing here.
"""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from bot.pathway.folding import fold

NOT_OFFERED = (
    "am",
    "bg",
    "cs",
    "de",
    "el",
    "gu",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "ig",
    "ja",
    "ka",
    "ko",
    "ku",
) + ("ln", "lt", "lv", "ml", "mr", "nl", "pa", "ps", "si", "sk", "sr", "sw", "te", "th", "ti", "yo")
"""Languages that Londoners ask for and that have no catalogue here."""
LONGER_STEM = 6
SHORTEST_STEM = 5
"""Inflected names share at least this many letters with the name ("polsku" – "polski")."""


def named_language(text: str, offered: tuple[str, ...]) -> str | None:
    """The offered language that `text` names, or None (also when it names several)."""
    words = fold(text).split()
    names = language_names(offered, offered)
    found = {code for word in words for name, code in names.items() if _same(word, name)}
    return found.pop() if len(found) == 1 else None


def names_language_not_offered(text: str, offered: tuple[str, ...]) -> bool:
    """True when `text` names a language that we know of and cannot write.

    >>> names_language_not_offered("can we speak Gujarati", ("en", "pl"))
    True
    """
    words = fold(text).split()
    wanted = language_names(offered, offered)
    if any(_same(word, name) for word in words for name in wanted):
        return False
    others = tuple(code for code in NOT_OFFERED if code not in offered)
    names = language_names(others, (*offered, *others))
    return any(word == name or _begins(word, name) for word in words for name in names)


def _begins(word: str, name: str) -> bool:
    return len(name) > LONGER_STEM and word.startswith(name[:LONGER_STEM])


def _same(word: str, name: str) -> bool:
    if word == name:
        return True
    stem = name[:SHORTEST_STEM]
    if len(name) < SHORTEST_STEM:
        return False
    # Arabic and Persian write "in" and "the" together with the name.
    return word.startswith(stem) if stem.isascii() else stem in word[: SHORTEST_STEM + 2]


@lru_cache(maxsize=8)
def language_names(codes: tuple[str, ...], written_in: tuple[str, ...]) -> dict[str, str]:
    """Folded one-word names of `codes`, in each language of `written_in` → language code."""
    names: dict[str, str] = {}
    for code in codes:
        for other in written_in:
            name = fold(Locale.parse(code).get_display_name(Locale.parse(other)) or "")
            if name and " " not in name:
                names[name] = code
    return names
