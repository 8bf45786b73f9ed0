"""One language's red-flag lexicon: the words that may mean an emergency, and what guards them.

One file a language in `bot/data/red_flags`; format in docs/adding-a-language.md. Screened by
`bot.pathway.screening`; the exemplars and hard negatives train `bot.nlu.red_flag_detector`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import UnreadableInput
from bot.pathway.folding import HAN, fold
from bot.pathway.red_flags import GROUPS

LEXICON_PATH = Path(__file__).resolve().parent.parent / "data" / "red_flags"
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same safe loader in C: twenty files take a second instead of ten."""
DIGEST_LENGTH = 12
VIRAMAS = "\u094d\u09cd\u0bcd"
GAP, HAN_GAP = 3, 6
"""How many words `..` stands for; in Chinese each character is a word."""


@dataclass(frozen=True)
class Phrase:
    """One entry: its group, its words, and whether it only asks.

    needle: letters that every match holds; looking for those of all phrases at once makes
    screening a hundred times faster.
    """

    group: str
    words: str
    needle: str
    asks: bool

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when its needle is first met: there are thousands of phrases."""
        return compile_phrase(self.words)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """One language's red flags.

    exemplars: whole sentences that are an emergency now, by group. hard_negatives: sentences with
    red-flag words that are none.
    """

    language: str
    phrases: tuple[Phrase, ...]
    negation_before: re.Pattern[str] | None
    negation_after: re.Pattern[str] | None
    guards: re.Pattern[str] | None
    cancer: re.Pattern[str] | None
    exemplars: Mapping[str, tuple[str, ...]]
    hard_negatives: tuple[str, ...]


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """A lexicon phrase as a pattern over folded text.

    `*` at a word's start or end stands for any letters, `..` for up to three words in between.

    Raises:
        ValueError: there is no word in it.

    >>> bool(compile_phrase("bol* .. klat*").search(fold("Boli mnie bardzo klatka")))
    True
    """
    return re.compile(_expression(phrase))


def _expression(phrase: str) -> str:
    """`compile_phrase`, as text."""
    pieces: list[str] = []
    gap = False
    between = HAN_GAP if HAN.search(phrase) else GAP
    for word in phrase.split():
        if word in ("..", "..."):
            gap = True
            continue
        core = re.escape(_folded(word.strip("*"))).replace(r"\ ", r"\s+")
        if not core:
            continue
        left = r"\S*" if word.startswith("*") else ""
        right = ""
        if word.endswith("*"):  # before an ending the Indic sign for "no vowel" falls away
            core, right = core.rstrip(VIRAMAS), r"\S*"
        if pieces:
            pieces.append(rf"\s+(?:\S+\s+){{0,{between}}}?" if gap else r"\s+")
        pieces.append(f"{left}{core}{right}")
        gap = False
    if not pieces:
        raise ValueError("an empty phrase")
    return rf"(?<!\S){''.join(pieces)}(?!\S)"


@cache
def _folded(word: str) -> str:
    """Phrases share their words: each is folded once."""
    return fold(word)


def _phrase(group: str, entry: str) -> Phrase:
    phrase = entry.removesuffix(" ?")
    cores = [_folded(word.strip("*")) for word in phrase.split() if word.strip(".*")]
    words = [word for core in cores for word in core.split()]
    if not words:
        raise ValueError(f"{entry!r} is an empty phrase")
    return Phrase(group, phrase, max(words, key=len), entry.endswith(" ?"))


def read_lexicon(path: Path) -> Lexicon:
    """Read one language's file.

    Raises:
        UnreadableInput: not YAML, an unknown group, or a phrase with nothing in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506  (a safe loader)
        exemplars = data.get("exemplars") or {}
        unknown = (set(data["groups"]) | set(exemplars)) - set(GROUPS)
        if unknown:
            raise ValueError(f"unknown groups {sorted(unknown)}")
        phrases = tuple(
            _phrase(group, str(entry))
            for group, entries in data["groups"].items()
            for entry in entries or ()
        )
        guards = _any_of([*(data.get("past") or ()), *(data.get("setting") or ())])
        return Lexicon(
            data["language"],
            phrases,
            _any_of(data.get("negation_before") or ()),
            _any_of(data.get("negation_after") or ()),
            guards,
            _any_of(data.get("cancer") or ()),
            {group: tuple(map(str, texts or ())) for group, texts in exemplars.items()},
            tuple(map(str, data.get("hard_negatives") or ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise UnreadableInput(
            f"{path.name}: {error}. Correct it; docs/adding-a-language.md has the format."
        ) from error


def _any_of(words: Iterable[Any]) -> re.Pattern[str] | None:
    patterns = [_expression(str(word)) for word in words]
    return re.compile("|".join(patterns)) if patterns else None


def lexicon_digest(folder: Path = LEXICON_PATH) -> str:
    """12 hexadecimal digits that change with any phrase or guard of any language: what a clinician
    has signed off is named by them."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=1)
def all_lexicons() -> tuple[Lexicon, ...]:
    """The lexicons of every language there is a file for."""
    return tuple(read_lexicon(path) for path in sorted(LEXICON_PATH.glob("*.yml")))
