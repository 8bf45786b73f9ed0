"""Which language: pure decisions on top of langdetect and scripts.

`bot.nlu.language_identifier` adds what was learned from our own examples (romanised text) and the
conversation; `decide` makes the choice sticky.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

from bot.language.identifiers import TOKEN

CONFIDENT = 0.8
LONG_MESSAGE_WORDS = 5
LONG_CONFIDENT = 0.9
HINT_ODDS, DEFAULT_ODDS = 2.0, 1.5
"""How much likelier a first message is in the browser's or Telegram's language; where neither is
known, in the site's."""
LANGDETECT_WEIGHT, LANGDETECT_FLOOR = 0.1, 0.05
LANGDETECT_NAMES = {"zh": "zh-cn"}
SCRIPTS_OF_ONE = {"BENGALI": "bn", "TAMIL": "ta"}
LETTERS_OF_ONE = {"uk": "іїєґ", "ru": "ыэъё", "ur": "ٹڈڑےںھہ"}
"""Not گ and چ for Persian: Iraqis and Moroccans write them too."""
EVERYBODYS = frozenset({"ok", "okay", "okey", "nhs", "gp"})
NOISE = re.compile(r"[\d\W_]+", re.UNICODE)


@dataclass(frozen=True)
class Decision:
    """The language of the answer, and the one before it when this message changed it."""

    language: str
    switched_from: str | None = None


@lru_cache(maxsize=1)
def _factory() -> DetectorFactory:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)
    return factory


def words_of(text: str) -> str:
    """The words that tell a language: without identifiers' tokens, numbers, punctuation, emoji, and
    "ok", which everybody writes.

    >>> words_of("ok, gdzie jest 9990001014?")
    'gdzie jest'
    """
    words = NOISE.sub(" ", TOKEN.sub(" ", text)).split()
    return " ".join(word for word in words if word.casefold() not in EVERYBODYS)


def main_script(text: str) -> str | None:
    """The script that most letters belong to, by its Unicode name ("LATIN"); None: no letters."""
    scripts = Counter(unicodedata.name(c, "?").split()[0] for c in text if c.isalpha())
    return scripts.most_common(1)[0][0] if scripts else None


def rank_by_langdetect(text: str, offered: Iterable[str]) -> dict[str, float]:
    """Probability by langdetect, limited to the offered languages by its prior map.

    Returns:
        language → probability; empty when it can't say. A language that langdetect has no
        profile of is never named here.
    """
    factory = _factory()
    names = {LANGDETECT_NAMES.get(code, code): code for code in offered}
    known = {name: 1.0 for name in names if name in factory.langlist}
    if not known:
        return {}
    detector = factory.create()
    detector.set_prior_map(known)
    detector.append(text)
    try:
        ranking = detector.get_probabilities()
    except LangDetectException:
        return {}
    return {names[item.lang]: item.prob for item in ranking if item.lang in names}


def rank_by_script(text: str, offered: Iterable[str]) -> dict[str, float]:
    """Certainty where a script or a letter belongs to one offered language only."""
    offered = set(offered)
    script = main_script(text)
    only = SCRIPTS_OF_ONE.get(script or "")
    if only in offered:
        return {only: 1.0}
    for language, letters in LETTERS_OF_ONE.items():
        if language in offered and any(letter in letters for letter in text.casefold()):
            return {language: 1.0}
    same = [code for code in offered if script_of(code) == script]
    return {same[0]: 1.0} if len(same) == 1 else {}


def in_script(ranking: Mapping[str, float], text: str) -> dict[str, float]:
    """The ranking's languages that are written in the text's script. Text in Latin letters may be
    in any: most languages are romanised on phones.

    >>> in_script({"ar": 0.2, "fa": 0.3, "so": 0.5}, "کجاست")
    {'ar': 0.2, 'fa': 0.3}
    """
    script = main_script(text)
    if script in (None, "LATIN"):
        return dict(ranking)
    return {code: p for code, p in ranking.items() if script_of(code) == script} or dict(ranking)


def in_no_offered_script(text: str, offered: Iterable[str]) -> bool:
    """True when no offered language is written in the text's script: Greek, Gujarati, Hangul …

    >>> in_no_offered_script("Πού είναι;", ["en", "ru"]), in_no_offered_script("where", ["ru"])
    (True, False)
    """
    script = main_script(text)
    return script not in (None, "LATIN", *(script_of(code) for code in offered))


@lru_cache(maxsize=64)
def script_of(language: str) -> str | None:
    """The script a language is written in, read off its own name."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None
    return main_script(locale.get_display_name(locale) or "")


def blend(learned: Mapping[str, float], detected: Mapping[str, float]) -> dict[str, float]:
    """What our own examples say, corrected by langdetect, scaled to sum 1.

    langdetect counts for less: it has never seen romanised Bengali or Arabizi, and is sure of
    something else then (figures: docs/adr/0004-which-language.md).

    >>> ranking = blend({"bn": 0.9, "en": 0.1}, {"en": 1.0})
    >>> max(ranking, key=ranking.get)
    'bn'
    """
    if not learned:
        return dict(detected)
    product = {
        language: probability
        * max(detected.get(language, 0.0), LANGDETECT_FLOOR) ** LANGDETECT_WEIGHT
        for language, probability in learned.items()
    }
    total = sum(product.values())
    return {language: value / total for language, value in product.items()}


def decide(
    ranking: Mapping[str, float],
    words: int,
    *,
    current: str | None,
    chosen: bool,
    previous: str | None,
    hint: str | None,
    default: str,
) -> Decision:
    """The language of the answer.

    Args:
        ranking: language → probability of this message alone; empty: nothing to go by.
        words: the message's words that count.
        current: the conversation's language so far; None at its start.
        chosen: the patient picked `current`; nothing detected changes that.
        previous: what the message before this one was confidently written in, if another language.
        hint: the channel's (browser's, Telegram's) language, if offered.
        default: the site's language.
    """
    best = max(ranking, key=lambda language: ranking[language], default=None)
    sure = best is not None and ranking[best] >= CONFIDENT
    if current is None:
        likelier, odds_of = (hint, HINT_ODDS) if hint else (default, DEFAULT_ODDS)
        odds = {code: p * (odds_of if code == likelier else 1.0) for code, p in ranking.items()}
        return Decision(max(odds, key=lambda code: odds[code]) if odds else hint or default)
    if chosen or best is None or best == current or not sure:
        return Decision(current)
    long_and_sure = words >= LONG_MESSAGE_WORDS and ranking[best] >= LONG_CONFIDENT
    if long_and_sure or previous == best:
        return Decision(best, switched_from=current)
    return Decision(current)
