"""Screening: which red flags of the lexicons a text holds, before anything else.

At the door on the whole text (`bot.channels.door`) and again in the NLU graph
(`bot.nlu.red_flag_detector`). All languages are screened for every message, whatever its language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ahocorasick import Automaton

from bot.pathway.folding import HAN, fold
from bot.pathway.lexicon import Lexicon, Phrase
from bot.pathway.red_flags import GRAVEST, GROUPS, Outcome, RedFlag, combine, gravity

WORDS_BEFORE, WORDS_AFTER, GUARD_WORDS = 4, 3, 12
"""How far a negation (before, after) and any other guard may stand from the match, in words."""
HAN_FACTOR = 2
"""In Chinese each character counts as a word, and two make one."""
LATIN = re.compile("[a-z]")
SENTENCE_END = re.compile(r"[.!?;\n।؟۔。！？]+|\bbut\b", re.IGNORECASE)


def screen(text: str, lexicons: Sequence[Lexicon]) -> RedFlag:
    """The gravest finding of all lexicons in `text`: a card beats a question, 999 beats 111."""
    known = tuple(lexicons)
    sentences = [fold(part) for part in SENTENCE_END.split(text) if part.strip()]
    found = []
    for sentence in sentences:
        for flag in _screen_sentence(sentence, known):
            found.append(flag)
            if gravity(flag) == GRAVEST:
                return flag
    if not found and len(sentences) > 1:  # a phrase that runs over a line's end
        found = list(_screen_sentence(fold(text), known))
    return combine(found)


def asks_about_cancer(text: str, lexicons: Iterable[Lexicon]) -> bool:
    """True when a text names cancer: "is it cancer?" has an answer of its own."""
    folded = fold(text)
    return any(lexicon.cancer and lexicon.cancer.search(folded) for lexicon in lexicons)


def _screen_sentence(sentence: str, lexicons: tuple[Lexicon, ...]) -> Iterable[RedFlag]:
    for lexicon, phrase in _candidates(sentence, lexicons):
        for match in phrase.pattern.finditer(sentence):
            asks = phrase.asks or _guarded(sentence, match, lexicon, lexicons)
            outcome = Outcome.ASK if asks else Outcome.CARD
            card = GROUPS[phrase.group][0]
            yield RedFlag(outcome, card, phrase.group, lexicon.language, weak=phrase.asks)


def _candidates(sentence: str, lexicons: tuple[Lexicon, ...]) -> Iterable[tuple[Lexicon, Phrase]]:
    """The phrases whose needle stands in the sentence, each once: one pass over it finds all."""
    automaton, holders = _needles(lexicons)
    if holders:
        for needle in dict.fromkeys(number for _, number in automaton.iter(sentence)):
            yield from holders[needle]


@lru_cache(maxsize=64)
def _needles(
    lexicons: tuple[Lexicon, ...],
) -> tuple[Automaton, list[list[tuple[Lexicon, Phrase]]]]:
    """Aho-Corasick's automaton over the needles of all phrases, and the phrases of each."""
    phrases: dict[str, list[tuple[Lexicon, Phrase]]] = {}
    for lexicon in lexicons:
        for phrase in lexicon.phrases:
            phrases.setdefault(phrase.needle, []).append((lexicon, phrase))
    automaton = Automaton()
    for number, needle in enumerate(phrases):
        automaton.add_word(needle, number)
    automaton.make_automaton()
    return automaton, list(phrases.values())


def _guarded(
    sentence: str, match: re.Match[str], lexicon: Lexicon, lexicons: Sequence[Lexicon]
) -> bool:
    """True when a negation, a past time or a clinic's name stands near the match.

    Whose guards count: the lexicon's own; those of each language that lists the same words
    ("convulsion" is in several); and for English words, which stand in sentences of every
    language ("rok temu miałam stroke"), those of all. Negations are pooled less: in Latin letters
    one language's "no" is another's everyday word.
    """
    before, after = sentence[: match.start()].split(), sentence[match.end() :].split()
    reach = HAN_FACTOR if HAN.search(match[0]) else 1

    def near(guard: re.Pattern[str] | None, words: list[str]) -> bool:
        return bool(guard and guard.search(" ".join(words)))

    sharing = [each for each in lexicons if each is lexicon or _holds(each, match[0])]
    english = [each for each in sharing if each.language == "en"]
    negating = [lexicon, *english] if LATIN.search(match[0]) else sharing
    guarding = lexicons if english else sharing
    guard_words = GUARD_WORDS * reach
    around = [*before[-guard_words:], *match[0].split(), *after[:guard_words]]
    return (
        any(near(each.guards, around) for each in guarding)
        or any(near(each.negation_before, before[-WORDS_BEFORE * reach :]) for each in negating)
        or any(near(each.negation_after, after[: WORDS_AFTER * reach]) for each in negating)
    )


def _holds(lexicon: Lexicon, words: str) -> bool:
    return any(phrase.pattern.search(words) for _, phrase in _candidates(words, (lexicon,)))
