"""Tells an answer that can't be a translation: error pages, loops, the wrong script, an echo.

Pure. `translator.MachineTranslator` asks before identifiers are put back.
"""

from __future__ import annotations

import re
import unicodedata

from bot.language.identify import rank_by_langdetect, script_of
from bot.language.translate.placeholders import CODE

LONGEST_RATIO, LONGEST_EXTRA = 6, 40
"""An answer may be 6 times as long and 40 characters more: "Hi" is long in some languages."""
SHORTEST_RATIO, SHORTEST_FROM = 12, 60
"""Of 60 characters and more, less than a twelfth is a rest. Chinese takes about a third."""
SEVERAL_WORDS = 3
SEVERAL_LETTERS = 12
"""Letters that count as several words in a script without spaces."""
SENTENCE_WORDS = 3
"""Words in lower case that make an echo a sentence; a name or an address has fewer."""
LOOP = re.compile(r"(\S.{1,59}?)(?:\s*\1){5,}", re.DOTALL)
ERROR_BODY = re.compile(r"<(?:!doctype|html|head|body|title)\b|^\s*[\[{]\s*[\"{]", re.IGNORECASE)
KEPT_CONTROLS = "\n\r\t"
OVERRIDES = "\u202d\u202e\ufffd"
"""Direction overrides, which can show a text as another one, and the mark of lost bytes."""
WORD = re.compile(r"[^\W\d_]+")


def is_nonsense(text: str, answer: object, source: str, target: str) -> bool:
    """True when `answer` can't be `text` in the language `target`.

    Args:
        text: what was sent, with codes instead of identifiers.
        answer: what the engine gave back, of any type.
    """
    if not isinstance(answer, str) or not answer.strip():
        return True
    return (
        _has_controls(answer)
        or (bool(ERROR_BODY.search(answer)) and not ERROR_BODY.search(text))
        or len(answer) > LONGEST_RATIO * len(text) + LONGEST_EXTRA
        or (len(text) >= SHORTEST_FROM and len(answer) * SHORTEST_RATIO < len(text))
        or (bool(LOOP.search(answer)) and not LOOP.search(text))
        or _wrong_script(answer, target)
        or _untranslated(text, answer, source, target)
    )


def _has_controls(answer: str) -> bool:
    return any(
        character in OVERRIDES
        or (unicodedata.category(character) == "Cc" and character not in KEPT_CONTROLS)
        for character in answer
    )


def _wrong_script(answer: str, target: str) -> bool:
    """Several words, and none has a letter of the script that `target` is written in."""
    rest = CODE.sub(" ", answer)
    letters = [character for character in rest if character.isalpha()]
    if len(WORD.findall(rest)) < SEVERAL_WORDS and len(letters) < SEVERAL_LETTERS:
        return False
    script = script_of(target)
    return not any(unicodedata.name(letter, "?").split()[0] == script for letter in letters)


def _untranslated(text: str, answer: str, source: str, target: str) -> bool:
    """A sentence came back as it was, and it isn't in the target language already.

    A patient whose language is Polish may write in English; names and addresses stay, too.
    """
    if answer.split() != text.split():
        return False
    rest = CODE.sub(" ", text)
    if sum(word.islower() for word in WORD.findall(rest)) < SENTENCE_WORDS:
        return False
    ranking = rank_by_langdetect(rest, (source, target))
    return max(ranking, key=lambda language: ranking[language], default=source) != target
