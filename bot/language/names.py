"""Languages named in a message: "polski proszę", "can we speak Spanish", "بالعربية".

Names come from Babel, in every offered language, so a new language needs nothing here.
"""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from bot.pathway.folding import fold

SHORTEST_STEM = 5
"""Inflected names share at least this many letters with the name ("polsku" – "polski")."""


def named_language(text: str, offered: tuple[str, ...]) -> str | None:
    """The offered language that `text` names, or None (also when it names several)."""
    words = fold(text).split()
    names = language_names(offered)
    found = {code for word in words for name, code in names.items() if _same(word, name)}
    return found.pop() if len(found) == 1 else None


def _same(word: str, name: str) -> bool:
    if word == name:
        return True
    stem = name[:SHORTEST_STEM]
    return len(name) >= SHORTEST_STEM and stem in word[: SHORTEST_STEM + 2]


@lru_cache(maxsize=8)
def language_names(offered: tuple[str, ...]) -> dict[str, str]:
    """Folded one-word names → language code."""
    names: dict[str, str] = {}
    for code in offered:
        for other in offered:
            name = fold(Locale.parse(code).get_display_name(Locale.parse(other)) or "")
            if name and " " not in name:
                names[name] = code
    return names
