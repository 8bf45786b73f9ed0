"""Machine translation of free text between a patient and a coordinator (docs/translation.md).

Services ask `get_translator()` for it, for a message that has been stored already; the console
calls `preview` before a coordinator's answer is sent. Sentences of Waymark's own never come here:
they have catalogues.
"""

from bot.errors import TranslationFailed
from bot.language.translate.changes import changed_facts
from bot.language.translate.preview import Preview, preview
from bot.language.translate.translator import (
    NullTranslator,
    Translation,
    Translator,
    get_translator,
)

__all__ = [
    "NullTranslator",
    "Preview",
    "Translation",
    "TranslationFailed",
    "Translator",
    "changed_facts",
    "get_translator",
    "preview",
]
