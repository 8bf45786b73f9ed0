"""Screening: which red flags of the lexicons a text holds, before anything else.

At the door on the whole text (`bot.channels.door`) and again in the NLU graph
(`bot.nlu.red_flag_detector`). All languages are screened for every message, whatever its language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.pathway.folding import HAN, fold
from bot.pathway.lexicon import Lexicon, Phrase, PhraseSet
from bot.pathway.red_flags import GRAVEST, GROUPS, Outcome, RedFlag, combine, gravity

WORDS_BEFORE, WORDS_AFTER, GUARD_WORDS = 4, 3, 12
"""How far a negation (before, after) and any other guard may stand from the match, in words."""
MOST_GUARD_CHECKS = 40
"""In one sentence; what is found beyond them gets its card unguarded, so that a flood of words
costs little."""
FAR = 400
"""Characters beyond which no guard is looked for."""
HAN_FACTOR = 2
"""In Chinese each character counts as a word, and two make one."""
LATIN = re.compile("[a-z]")
SENTENCE_END = re.compile(r"[.!?;\n।؟۔。！？]+|\bbut\b", re.IGNORECASE)


def screen(text: str, lexicons: Sequence[Lexicon]) -> RedFlag:
    """The gravest finding of all lexicons in `text`: a card beats a question, 999 beats 111."""
    known = tuple(lexicons)
    sentences = [fold(part) for part in sentences_of(text)]
    found = []
    for sentence in sentences:
        for flag in _screen_sentence(sentence, known):
            found.append(flag)
            if gravity(flag) == GRAVEST:
                return flag
    if len(sentences) > 1 and all(flag.outcome is not Outcome.CARD for flag in found):
        found += _screen_sentence(fold(text), known)  # a phrase that runs over a line's end
    return combine(found)


def sentences_of(text: str) -> list[str]:
    """The text's sentences, as they are screened one by one."""
    return [part for part in SENTENCE_END.split(text) if part.strip()]


def asks_about_cancer(text: str, lexicons: Iterable[Lexicon]) -> bool:
    """True when a text names cancer: "is it cancer?" has an answer of its own."""
    folded = fold(text)
    return any(lexicon.cancer and lexicon.cancer.found_in(folded) for lexicon in lexicons)


def _screen_sentence(sentence: str, lexicons: tuple[Lexicon, ...]) -> Iterable[RedFlag]:
    guarded: dict[tuple[str, ...], bool] = {}  # the same words again need no second look
    for lexicon, phrase in _candidates(sentence, lexicons):
        for match in phrase.pattern.finditer(sentence):
            asks = phrase.asks
            if not asks:
                place = _Place(sentence, match, phrase)
                key = (lexicon.language, *place.key())
                if key not in guarded and len(guarded) < MOST_GUARD_CHECKS:
                    guarded[key] = _guarded(place, lexicon, lexicons)
                asks = guarded.get(key, False)
            outcome = Outcome.ASK if asks else Outcome.CARD
            card = GROUPS[phrase.group][0]
            yield RedFlag(outcome, card, phrase.group, lexicon.language, weak=phrase.asks)


class _Place:
    """Where a phrase was found: its words, those before and after it, and those in its gaps."""

    def __init__(self, sentence: str, match: re.Match[str], phrase: Phrase) -> None:
        self.words = match[0]
        reach = HAN_FACTOR if HAN.search(match[0]) else 1
        before = sentence[max(0, match.start() - FAR) : match.start()].split()
        after = sentence[match.end() : match.end() + FAR].split()
        self.before = " ".join(before[-WORDS_BEFORE * reach :])
        self.after = " ".join(after[: WORDS_AFTER * reach])
        self.around = (
            " ".join(before[-GUARD_WORDS * reach :]),
            " ".join(word for word in match[0].split() if not phrase.has_word(word)),
            " ".join(after[: GUARD_WORDS * reach]),
        )

    def key(self) -> tuple[str, ...]:
        """Two places with the same key are guarded alike."""
        return (self.words, self.before, self.after, *self.around)


def _candidates(sentence: str, lexicons: tuple[Lexicon, ...]) -> Iterable[tuple[Lexicon, Phrase]]:
    """The phrases whose needle stands in the sentence, each once."""
    phrases, holders = _all_phrases(lexicons)
    for phrase in phrases.candidates(sentence):
        yield holders[id(phrase)], phrase


@lru_cache(maxsize=64)
def _all_phrases(lexicons: tuple[Lexicon, ...]) -> tuple[PhraseSet, dict[int, Lexicon]]:
    """The phrases of all lexicons together, and whose each is."""
    phrases = [phrase for lexicon in lexicons for phrase in lexicon.phrases]
    holders = {id(phrase): lexicon for lexicon in lexicons for phrase in lexicon.phrases}
    return PhraseSet(phrases), holders


@lru_cache(maxsize=64)
def _all_guards(lexicons: tuple[Lexicon, ...]) -> PhraseSet:
    """The guards of several lexicons together."""
    return PhraseSet(phrase for each in lexicons if each.guards for phrase in each.guards.phrases)


def _guarded(place: _Place, lexicon: Lexicon, lexicons: tuple[Lexicon, ...]) -> bool:
    """True when a negation, a past time or a clinic's name stands near the match.

    Whose guards count: the lexicon's own; those of each language that lists the same words
    ("convulsion" is in several); and for English words, which stand in sentences of every
    language ("rok temu miałam stroke"), those of all. Negations are pooled less: in Latin letters
    one language's "no" is another's everyday word.
    """
    sharing = _sharing(place.words, lexicon, lexicons)
    english = [each for each in sharing if each.language == "en"]
    negating = [lexicon, *english] if LATIN.search(place.words) else sharing
    guards = _all_guards(lexicons if english else sharing)
    return (
        any(guards.found_in(part) for part in place.around)
        or any(n.negation_before and n.negation_before.found_in(place.before) for n in negating)
        or any(n.negation_after and n.negation_after.found_in(place.after) for n in negating)
    )


@lru_cache(maxsize=4096)
def _sharing(words: str, lexicon: Lexicon, lexicons: tuple[Lexicon, ...]) -> tuple[Lexicon, ...]:
    """The lexicon, and all others with a phrase that these words match."""
    holders = {
        each for each, phrase in _candidates(words, lexicons) if phrase.pattern.search(words)
    }
    return tuple(each for each in lexicons if each is lexicon or each in holders)
