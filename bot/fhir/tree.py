"""Reading JSON that nobody vouches for: every look-up answers, none of them raises.

The lowest step of the import: `reader` and the modules of each kind look into a payload only
through these. Published examples write objects for lists, lists for objects, `valuationDuration`
for `valueDuration`, numbers for strings [R1][R3]; other feeds break the schema in other ways.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

SHORT, LONG = 200, 2000
"""Most characters of a label, and of a paragraph such as instructions."""


def as_list(value: Any) -> list[Any]:
    """A list of what is there: [] for None, lists in lists laid flat, no None in it.

    >>> as_list({"a": 1}), as_list([1, [2, None]]), as_list(None)
    ([{'a': 1}], [1, 2], [])
    """
    flat: list[Any] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        elif item is not None:
            flat.append(item)
    return flat


def as_dict(value: Any) -> dict[str, Any]:
    """The object, the first object of a list, or {}."""
    return next((item for item in as_list(value) if isinstance(item, dict)), {})


def walk(node: Any, *path: str) -> list[Any]:
    """All values at the end of `path`, through lists on the way.

    >>> walk({"participant": [{"actor": {"display": "A"}}, "?"]}, "participant", "actor", "display")
    ['A']
    """
    found = as_list(node)
    for key in path:
        found = [
            child for item in found if isinstance(item, dict) for child in as_list(item.get(key))
        ]
    return found


def text(value: Any, limit: int = SHORT) -> str | None:
    """A clean string of at most `limit` characters; None when there are no letters or digits.

    Numbers count as text, booleans and objects don't. Control characters and lone surrogates
    (which no database takes) go, white space becomes single spaces.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    raw = (value if isinstance(value, str) else _digits(value))[: limit * 4]
    if not (raw.isascii() and raw.isprintable()):  # most are: don't look at each sign of those
        raw = unicodedata.normalize("NFC", "".join(_readable(sign) for sign in raw))
    clean = " ".join(raw.split())[:limit].strip()
    return clean if any(sign.isalnum() for sign in clean) else None


def _readable(sign: str) -> str:
    if sign.isspace():
        return " "
    return "" if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co") else sign


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**30 else ""


def first_text(node: Any, *path: str, limit: int = SHORT) -> str | None:
    """The first usable text at the end of `path`."""
    return next((found for found in (text(v, limit) for v in walk(node, *path)) if found), None)


def truth(value: Any) -> bool | None:
    """True or False, also when it came as a word; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get((text(value) or "").casefold())


def name_of(url: Any) -> str:
    """What an extension's or system's address ends in, without its version, letters only.

    >>> name_of("https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-ReferralState-1")
    'ersreferralstate'
    """
    return _name_of(url) if isinstance(url, str) else ""


@lru_cache(maxsize=4096)
def _name_of(url: str) -> str:
    last = (text(url) or "").rstrip("/").rpartition("/")[2].casefold()
    last = re.sub(r"-\d+$", "", last.removeprefix("extension-"))
    return "".join(sign for sign in last if sign.isalnum())


def extensions(node: Any, *names: str) -> Iterator[dict[str, Any]]:
    """The extensions of `node` (an object) whose address ends in one of `names`."""
    wanted = {name_of(name) for name in names}
    for item in walk(node, "extension") + walk(node, "modifierExtension"):
        if isinstance(item, dict) and name_of(item.get("url")) in wanted:
            yield item


def value(extension: Any) -> Any:
    """What an extension says: its `value…` (or, as published, `valuation…`) whatever the type."""
    for key, held in as_dict(extension).items():
        if isinstance(key, str) and key.startswith(("value", "valuation")) and held is not None:
            return held
    return None


def extension_value(node: Any, *names: str) -> Any:
    """The value of the first such extension that has one; None without."""
    return next((v for v in map(value, extensions(node, *names)) if v is not None), None)


def codes(concept: Any) -> list[str]:
    """All codes of a code, Coding, CodeableConcept or a list of these."""
    found = []
    for item in as_list(concept):
        if isinstance(item, dict):
            found += [text(v) for v in walk(item, "code") + walk(item, "coding", "code")]
        else:
            found.append(text(item))
    return [code for code in found if code]


def code(concept: Any) -> str | None:
    """The first code, or None."""
    return next(iter(codes(concept)), None)


def label(concept: Any) -> str | None:
    """What a Coding, CodeableConcept or reference is called, or None."""
    for path in (("display",), ("text",), ("coding", "display")):
        found = first_text(concept, *path)
        if found:
            return found
    return None
