"""What a coordinator sees before a translated answer is sent, and what stops it.

Called by the console. The translation goes back into English by the same translator: the
coordinator reads what the patient will read, and `changes` compares the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.language.translate.changes import changed_facts
from bot.language.translate.translator import Translator


@dataclass(frozen=True)
class Preview:
    """A translation with its way back.

    text: in the patient's language.
    back: `text` translated back.
    provider: who translated.
    changed: numbers, dates and negations that differ there or back; any stops the sending.
    """

    text: str
    back: str
    provider: str
    changed: tuple[str, ...]


def preview(translator: Translator, text: str, target: str, source: str = "en") -> Preview:
    """`text` there and back again: two requests, so it takes up to twice the time limit.

    Raises:
        TranslationFailed: either way failed.
    """
    there = translator.translate(text, source, target)
    back = translator.translate(there.text, target, source)
    changed = changed_facts(text, there.text, back.text)
    return Preview(there.text, back.text, there.provider, changed)
