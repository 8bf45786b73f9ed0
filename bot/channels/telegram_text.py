"""Text for Telegram: cut where sentences end, escaped, its limits counted as Telegram counts.

Pure. Used by `bot.channels.telegram_message`.
"""

from __future__ import annotations

import html
import re

LONGEST = 4096
"""UTF-16 units of one message, after its entities are parsed."""
BREAKS = (
    re.compile(r"\n\n"),
    re.compile(r"(?<=[.!?؟।…])\s+|(?<=[。！？])|\n"),
    re.compile(r"\s+"),
)
"""Where a text may be cut, the best first: paragraphs, sentences, words."""


def units(text: str) -> int:
    """The length in UTF-16 units: an emoji has two.

    >>> units("ok 👍")
    5
    """
    return len(text.encode("utf-16-le")) // 2


def in_parts(text: str, longest: int = LONGEST) -> list[str]:
    """A text in parts that each fit, cut at the ends of sentences where there are any.

    >>> in_parts("One two. Three four. Five.", 21)
    ['One two. Three four.', 'Five.']
    """
    parts = []
    rest = text.strip()
    while units(rest) > longest:
        end = _end_of_part(rest, longest)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def _end_of_part(text: str, longest: int) -> int:
    fits = _that_fit(text, longest)
    for kind in BREAKS:
        ends = [match.start() for match in kind.finditer(text, 0, fits + 1)]
        good = [end for end in ends if fits // 3 <= end <= fits]
        if good:
            return good[-1]
    return fits


def _that_fit(text: str, longest: int) -> int:
    """How many characters make up at most so many units."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if ord(character) > 0xFFFF else 1
        if used > longest:
            return index
    return len(text)


def escaped(text: str) -> str:
    """The text as Telegram's HTML: nothing in it is taken for a tag.

    >>> escaped("<b> & co")
    '&lt;b&gt; &amp; co'
    """
    return html.escape(text, quote=False)


def bare(text: str) -> str:
    """Telegram's HTML as the words alone.

    >>> bare("<b>Sam</b> &amp; co")
    'Sam & co'
    """
    return html.unescape(re.sub(r"</?[a-z]+>", "", text))
