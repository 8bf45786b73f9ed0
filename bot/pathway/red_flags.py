"""The red-flag lexicon: words that may mean an emergency, by rule, before anything else.

Screened at the door on the whole text (`bot.channels.intake`) and again in the NLU graph
(`bot.nlu.red_flag_detector`). One file a language in `bot/data/red_flags`; format in
docs/adding-a-language.md. All languages are screened for every message, whatever its language.

Sources of the groups (shared/domain/referral-states.md): [R22] swast.nhs.uk/when-to-call-999,
[R23] torbayandsouthdevon.nhs.uk cauda equina, [R20] mental-health lines, [M] general knowledge.
A clinician signs the whole list off before production (DCB0129).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import UnreadableInput
from bot.pathway.folding import fold

LEXICON_PATH = Path(__file__).resolve().parent.parent / "data" / "red_flags"


class Card(str, Enum):
    """Which card a red flag shows."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    SAFEGUARDING = "safeguarding"
    URGENT = "urgent"


class Outcome(str, Enum):
    """What a message gets: a card at once, the question whether it is happening now, nothing."""

    CARD = "card"
    ASK = "ask"
    NOTHING = "nothing"


GROUPS: dict[str, tuple[Card, str]] = {
    "chest_pain": (Card.EMERGENCY, "R22"),
    "breathing": (Card.EMERGENCY, "R22"),
    "stroke": (Card.EMERGENCY, "R22"),
    "unconscious": (Card.EMERGENCY, "R22"),
    "confusion": (Card.EMERGENCY, "R22"),
    "fits": (Card.EMERGENCY, "R22"),
    "bleeding": (Card.EMERGENCY, "R22"),
    "allergic": (Card.EMERGENCY, "R22"),
    "burns": (Card.EMERGENCY, "R22"),
    "injury": (Card.EMERGENCY, "R22"),
    "sepsis": (Card.EMERGENCY, "M"),
    "overdose": (Card.EMERGENCY, "M"),
    "pregnancy": (Card.EMERGENCY, "M"),
    "testicular": (Card.EMERGENCY, "M"),
    "infant": (Card.EMERGENCY, "M"),
    "cauda_equina": (Card.EMERGENCY, "R23"),
    "vision_loss": (Card.EMERGENCY, "M"),
    "ambulance": (Card.EMERGENCY, "R22"),
    "suicide": (Card.CRISIS, "R20"),
    "self_harm": (Card.CRISIS, "R20"),
    "domestic_abuse": (Card.SAFEGUARDING, "M"),
    "child_risk": (Card.SAFEGUARDING, "M"),
    "urgent": (Card.URGENT, "M"),
}
"""Each group's card and the source of its place on the list."""

CARD_ORDER = (Card.EMERGENCY, Card.CRISIS, Card.SAFEGUARDING, Card.URGENT)
WORDS_BEFORE, WORDS_AFTER, GUARD_WORDS = 4, 3, 12
"""How far a negation (before, after) and any other guard may stand from the match, in words."""

SENTENCE_END = re.compile(r"[.!?;\n।؟۔。]+|\bbut\b", re.IGNORECASE)


@dataclass(frozen=True)
class RedFlag:
    """What the lexicon says of a text."""

    outcome: Outcome
    card: Card | None = None
    group: str | None = None
    language: str | None = None

    def as_dict(self) -> dict[str, str]:
        """JSON-able, for message metadata and the tracker."""
        fields = {"outcome": self.outcome, "card": self.card}
        shown = {key: value.value for key, value in fields.items() if value is not None}
        return shown | ({"group": self.group} if self.group else {})


NO_RED_FLAG = RedFlag(Outcome.NOTHING)
GRAVEST = (0, 0)
"""`_gravity` of a 999 card: nothing can outrank it."""


@dataclass(frozen=True)
class Phrase:
    """One entry: its group, its compiled pattern, and whether it only asks.

    needle: letters that every match holds; looking for them first makes screening ten times
    faster.
    """

    group: str
    pattern: re.Pattern[str]
    needle: str
    asks: bool


@dataclass(frozen=True)
class Lexicon:
    """One language's red flags."""

    language: str
    phrases: tuple[Phrase, ...]
    negation_before: re.Pattern[str] | None
    negation_after: re.Pattern[str] | None
    guards: re.Pattern[str] | None
    cancer: re.Pattern[str] | None
    exemplars: tuple[str, ...]
    hard_negatives: tuple[str, ...]


def screen(text: str, lexicons: Sequence[Lexicon]) -> RedFlag:
    """The gravest finding of all lexicons in `text`: a card beats a question, 999 beats 111."""
    sentences = [fold(part) for part in SENTENCE_END.split(text) if part.strip()]
    found = []
    for sentence in sentences:
        for flag in _screen_sentence(sentence, lexicons):
            found.append(flag)
            if _gravity(flag) == GRAVEST:
                return flag
    if not found and len(sentences) > 1:  # a phrase that runs over a line's end
        found = list(_screen_sentence(fold(text), lexicons))
    return combine(found)


def _screen_sentence(sentence: str, lexicons: Sequence[Lexicon]) -> Iterable[RedFlag]:
    # "stroke" is in several lexicons: a Polish "rok temu" must guard the English word as well.
    # Negations are not pooled: one language's "no" is another's everyday word.
    guards = [lexicon.guards for lexicon in lexicons if lexicon.guards]
    english = [lexicon for lexicon in lexicons if lexicon.language == "en"]
    for lexicon in lexicons:
        for phrase in lexicon.phrases:
            if phrase.needle not in sentence:
                continue
            for match in phrase.pattern.finditer(sentence):
                asks = phrase.asks or _guarded(sentence, match, lexicon, guards, english)
                outcome = Outcome.ASK if asks else Outcome.CARD
                card = GROUPS[phrase.group][0]
                yield RedFlag(outcome, card, phrase.group, lexicon.language)


def _guarded(
    sentence: str,
    match: re.Match[str],
    lexicon: Lexicon,
    guards: Sequence[re.Pattern[str]],
    english: Sequence[Lexicon],
) -> bool:
    """True when a negation, a past time or a clinic's name stands near the match."""
    before, after = sentence[: match.start()].split(), sentence[match.end() :].split()

    def near(guard: re.Pattern[str] | None, words: list[str]) -> bool:
        return bool(guard and guard.search(" ".join(words)))

    negating = [lexicon]
    if match[0].isascii():  # other lists hold "chest pain" too, without English negations
        negating += [each for each in english if _holds(each, match[0])]
    around = [*before[-GUARD_WORDS:], *match[0].split(), *after[:GUARD_WORDS]]
    return (
        any(near(guard, around) for guard in guards)
        or any(near(each.negation_before, before[-WORDS_BEFORE:]) for each in negating)
        or any(near(each.negation_after, after[:WORDS_AFTER]) for each in negating)
    )


def _holds(lexicon: Lexicon, words: str) -> bool:
    return any(p.needle in words and p.pattern.search(words) for p in lexicon.phrases)


def _gravity(flag: RedFlag) -> tuple[int, int]:
    outcome = [Outcome.CARD, Outcome.ASK, Outcome.NOTHING].index(flag.outcome)
    return outcome, CARD_ORDER.index(flag.card) if flag.card else len(CARD_ORDER)


def combine(flags: Iterable[RedFlag]) -> RedFlag:
    """The gravest of several detectors' findings."""
    return min([*flags, NO_RED_FLAG], key=_gravity)


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """A lexicon phrase as a pattern over folded text.

    `*` at a word's start or end stands for any letters, `..` for up to three words in between.

    >>> bool(compile_phrase("bol* .. klat*").search(fold("Boli mnie bardzo klatka")))
    True
    """
    pieces: list[str] = []
    gap = False
    for word in phrase.split():
        if word in ("..", "..."):
            gap = True
            continue
        core = re.escape(fold(word.strip("*"))).replace(r"\ ", r"\s+")
        if not core:
            continue
        left = r"\S*" if word.startswith("*") else ""
        right = r"\S*" if word.endswith("*") else ""
        if pieces:
            pieces.append(r"\s+(?:\S+\s+){0,3}?" if gap else r"\s+")
        pieces.append(f"{left}{core}{right}")
        gap = False
    if not pieces:
        raise ValueError("an empty phrase")
    return re.compile(rf"(?<!\S){''.join(pieces)}(?!\S)")


def _phrase(group: str, entry: str) -> Phrase:
    phrase = entry.removesuffix(" ?")
    cores = [fold(word.strip("*")) for word in phrase.split() if word.strip(".*")]
    words = [word for core in cores for word in core.split()]
    return Phrase(group, compile_phrase(phrase), max(words, key=len), entry.endswith(" ?"))


def read_lexicon(path: Path) -> Lexicon:
    """Read one language's file.

    Raises:
        UnreadableInput: not YAML, an unknown group, or a phrase with nothing in it.
    """
    try:
        data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        unknown = set(data["groups"]) - set(GROUPS)
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
            tuple(map(str, data.get("exemplars") or ())),
            tuple(map(str, data.get("hard_negatives") or ())),
        )
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise UnreadableInput(
            f"{path.name}: {error}. Correct it; docs/adding-a-language.md has the format."
        ) from error


def asks_about_cancer(text: str, lexicons: Iterable[Lexicon]) -> bool:
    """True when a text names cancer: "is it cancer?" has an answer of its own."""
    folded = fold(text)
    return any(lexicon.cancer and lexicon.cancer.search(folded) for lexicon in lexicons)


def _any_of(words: Iterable[Any]) -> re.Pattern[str] | None:
    patterns = [compile_phrase(str(word)).pattern for word in words]
    return re.compile("|".join(patterns)) if patterns else None


@lru_cache(maxsize=1)
def all_lexicons() -> tuple[Lexicon, ...]:
    """The lexicons of every language there is a file for."""
    return tuple(read_lexicon(path) for path in sorted(LEXICON_PATH.glob("*.yml")))
