"""The red-flag list as one file that a clinician can read and sign off (`waymark red-flags`).

By group, with its card and its clinical source, then by language; then each language's guards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from bot.language.catalogues import own_name
from bot.pathway.lexicon import LEXICON_PATH, lexicon_digest
from bot.pathway.red_flags import GROUPS, SOURCES, Card

CARDS = {
    Card.EMERGENCY: "999 or A&E now",
    Card.CRISIS: "999 or A&E; 111, option 2; Samaritans",
    Card.SAFEGUARDING: "999; 55 where one cannot speak; staff",
    Card.URGENT: "111, or the GP practice today",
}
GUARDS = {
    "negation_before": "A negation before the words",
    "negation_after": "A negation after the words",
    "past": "A time that is over",
    "setting": "A clinic, a letter, a leaflet",
}


def red_flag_list() -> str:
    """The whole list in Markdown."""
    lexicons = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(LEXICON_PATH.glob("*.yml"))
    }
    return "\n".join([*_head(lexicons), *_groups(lexicons), *_guards(lexicons)]) + "\n"


def _head(lexicons: dict[str, dict[str, Any]]) -> Iterable[str]:
    count = sum(len(e or ()) for data in lexicons.values() for e in data["groups"].values())
    yield "# Red flags: the list to read and to sign off"
    yield ""
    yield f"{count} phrases in {len(lexicons)} languages. Digest: `{lexicon_digest()}`"
    yield ""
    yield "Words are compared without case, accents and punctuation. `*` stands for any letters,"
    yield "`..` for up to three words in between (in Chinese six signs). A phrase with `?` only"
    yield 'asks "Is this happening now? If so, call 999"; the others show the card at once. A guard'
    yield "near the words lowers a card to that question, never to silence."
    yield ""
    yield "Signed off by (name, registration number, date): ______________________________"
    yield ""


def _groups(lexicons: dict[str, dict[str, Any]]) -> Iterable[str]:
    for group, (card, source) in GROUPS.items():
        yield f"## {group.replace('_', ' ')}"
        yield ""
        yield f"Card: {CARDS[card]}. Source: {SOURCES[source]}."
        yield ""
        for code, data in lexicons.items():
            entries = data["groups"].get(group) or ()
            if entries:
                yield f"- **{own_name(code)}** ({code}): {'; '.join(map(str, entries))}"
        yield ""


def _guards(lexicons: dict[str, dict[str, Any]]) -> Iterable[str]:
    yield "## Guards"
    yield ""
    for key, title in GUARDS.items():
        yield f"### {title}"
        yield ""
        for code, data in lexicons.items():
            if data.get(key):
                yield f"- **{own_name(code)}** ({code}): {'; '.join(map(str, data[key]))}"
        yield ""
