"""One language's red-flag lexicon: the words that may mean an emergency, and what guards them.

One file a language in `bot/data/red_flags`; format in docs/adding-a-language.md. Screened by
`bot.pathway.screening`; the exemplars and hard negatives train `bot.nlu.red_flag_detector`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from ahocorasick import Automaton

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

    def has_word(self, word: str) -> bool:
        """Whether a word of a match is one of the phrase's own, not one in its gaps."""
        return any(pattern.fullmatch(word) for pattern in self._own_words)

    @cached_property
    def _own_words(self) -> list[re.Pattern[str]]:
        single = (word for word in self.words.split() if word.strip(".*"))
        return [compile_phrase(part) for word in single for part in _parts(word)]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when its needle is first met: there are thousands of phrases."""
        return compile_phrase(self.words)


class PhraseSet:
    """Phrases of which any may stand in a text. One pass finds whose needle does."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self.phrases = tuple(phrases)
        holders: dict[str, list[Phrase]] = {}
        for phrase in self.phrases:
            holders.setdefault(phrase.needle, []).append(phrase)
        self._holders = list(holders.values())
        self._needles = Automaton()
        for number, needle in enumerate(holders):
            self._needles.add_word(needle, number)
        self._needles.make_automaton()

    def candidates(self, text: str) -> Iterator[Phrase]:
        """The phrases whose needle stands in the folded text, each once."""
        if self._holders and text:
            for number in dict.fromkeys(number for _, number in self._needles.iter(text)):
                yield from self._holders[number]

    def found_in(self, text: str) -> bool:
        """Whether any of them stands in the folded text."""
        return any(phrase.pattern.search(text) for phrase in self.candidates(text))


@dataclass(frozen=True, eq=False)
class Lexicon:
    """One language's red flags.

    exemplars: whole sentences that are an emergency now, by group. hard_negatives: sentences with
    red-flag words that are none.
    """

    language: str
    phrases: tuple[Phrase, ...]
    negation_before: PhraseSet | None
    negation_after: PhraseSet | None
    guards: PhraseSet | None
    cancer: PhraseSet | None
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
        core = re.escape(_core(word)).replace(r"\ ", r"\s+")
        if not core:
            continue
        left = r"\S*" if word.startswith("*") else ""
        right = r"\S*" if word.endswith("*") else ""
        if pieces:
            pieces.append(rf"\s+(?:\S+\s+){{0,{between}}}?" if gap else r"\s+")
        pieces.append(f"{left}{core}{right}")
        gap = False
    if not pieces:
        raise ValueError("an empty phrase")
    return rf"(?<!\S){''.join(pieces)}(?!\S)"


@cache
def _core(word: str) -> str:
    """A phrase's word, folded, without its stars; phrases share their words. Before an ending the
    Indic sign for "no vowel" falls away."""
    core = fold(word.strip("*"))
    return core.rstrip(VIRAMAS) if word.endswith("*") else core


def _parts(word: str) -> list[str]:
    """A phrase's word as folding leaves it: "can't" is one, "x-ray" two."""
    folded = fold(word.strip("*")).split()
    if folded:
        folded[0] = ("*" if word.startswith("*") else "") + folded[0]
        folded[-1] += "*" if word.endswith("*") else ""
    return folded


def _phrase(group: str, entry: str) -> Phrase:
    phrase = entry.removesuffix(" ?")
    cores = [_core(word) for word in phrase.split() if word.strip(".*")]
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


def _any_of(words: Iterable[Any]) -> PhraseSet | None:
    phrases = [_phrase("", str(word)) for word in words]
    return PhraseSet(phrases) if phrases else None


def lexicon_digest(lexicons: Iterable[Lexicon] | None = None) -> str:
    """12 hexadecimal digits that change with any phrase, guard or group's card: they name what a
    clinician has signed off. Exemplars, which train the model, don't count."""
    listed: list[Any] = [[group, card.value] for group, (card, _) in GROUPS.items()]
    for lexicon in all_lexicons() if lexicons is None else lexicons:
        listed += [[lexicon.language, p.group, p.words, p.asks] for p in lexicon.phrases]
        for guards in (lexicon.negation_before, lexicon.negation_after, lexicon.guards):
            listed.append([p.words for p in guards.phrases] if guards else [])
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=1)
def all_lexicons() -> tuple[Lexicon, ...]:
    """The lexicons of every language there is a file for."""
    return tuple(read_lexicon(path) for path in sorted(LEXICON_PATH.glob("*.yml")))
