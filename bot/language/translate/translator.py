"""The one way to have free text translated, and what a translator must not do on the way.

Called by services that translate a stored message, and by `preview`. A text goes: identifiers out,
the provider within its time, the answer checked, identifiers back in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

from bot.errors import SettingsError, TranslationFailed
from bot.language.translate.limits import Breaker, within
from bot.language.translate.nonsense import WORD, is_nonsense
from bot.language.translate.placeholders import CODE, hide
from bot.language.translate.wire import end_by
from bot.settings import Settings, get_settings

UNANSWERED = ("slow", "down", "busy")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Translation:
    """A translated text, its identifiers put back, and who translated it."""

    text: str
    provider: str


class Translator(Protocol):
    """Translates free text; `provider` is the name in the settings."""

    provider: str

    def translate(self, text: str, source: str, target: str) -> Translation:
        """`text` in the language `target`. Waits for it, so not for an event loop's thread.

        Args:
            text: with tokens instead of identifiers, or as a coordinator typed it.
            source: two-letter code of the language that `text` is in.
            target: two-letter code.

        Raises:
            TranslationFailed: see there; the original is to be shown then.
        """


class NullTranslator:
    """No translator: every text is shown as it was written."""

    provider = "none"

    def translate(self, text: str, source: str, target: str) -> Translation:
        """Raises TranslationFailed("none"), unless both languages are the same."""
        if source == target:
            return Translation(text, self.provider)
        raise TranslationFailed("none")


class Engine(Protocol):
    """One provider's translation, without limits and checks."""

    def ask(self, text: str, source: str, target: str) -> object:
        """What the provider answers: text, as a rule.

        Raises:
            TranslationFailed: the provider said why, or didn't answer.
            Exception: the answer had another shape.
        """


class MachineTranslator:
    """A provider behind limits and checks."""

    def __init__(
        self,
        provider: str,
        engine: Engine,
        timeout_seconds: float,
        *,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Makes no request.

        Args:
            timeout_seconds: for one text, from start to end.
            today: tells birth dates from appointment dates. Not the demo's moved clock, which
                lies above this layer; as at the door.
        """
        self.provider = provider
        self._engine = engine
        self._seconds = timeout_seconds
        self._today = today
        self._breaker = Breaker()

    def translate(self, text: str, source: str, target: str) -> Translation:
        """See `Translator`. A text without words is its own translation."""
        if source == target:
            return Translation(text, self.provider)
        hidden = hide(text, self._today())
        if not WORD.search(CODE.sub(" ", hidden.text)):
            return Translation(text, self.provider)
        try:
            answer = self._answer(hidden.text, source, target)
            return Translation(hidden.put_back(answer, target), self.provider)
        except TranslationFailed as failure:
            logger.warning("A text was not translated: %s (%s).", failure.reason, self.provider)
            raise

    def _answer(self, text: str, source: str, target: str) -> str:
        if not self._breaker.lets_through():
            raise TranslationFailed("busy")
        deadline = time.monotonic() + self._seconds
        try:
            answer = within(
                self._seconds, lambda: self._checked_answer(text, source, target, deadline)
            )
        except TranslationFailed as failure:
            self._breaker.note(answered=failure.reason not in UNANSWERED)
            raise
        self._breaker.note(answered=True)
        return answer

    def _checked_answer(self, text: str, source: str, target: str, deadline: float) -> str:
        answer = _ask(self._engine, text, source, target, deadline)
        if is_nonsense(text, answer, source, target):
            raise TranslationFailed("nonsense")
        return str(answer).strip()


def _ask(engine: Engine, text: str, source: str, target: str, deadline: float) -> object:
    """What `engine` answers. Raises TranslationFailed and nothing else, without a context."""
    end_by(deadline)
    try:
        return engine.ask(text, source, target)
    except TranslationFailed as failure:
        reason = failure.reason
    except Exception:  # deep-translator raises what it likes, with the text or the key inside
        reason = "nonsense"
    raise TranslationFailed(reason)


@lru_cache(maxsize=1)
def get_translator() -> Translator:
    """The translator of this process, from the settings. Makes no request.

    Raises:
        SettingsError: the provider needs a key that isn't set.
    """
    settings = get_settings()
    if settings.translator == "none":
        return NullTranslator()
    return _machine_translator(settings)


def _machine_translator(settings: Settings) -> Translator:
    from bot.language.translate import providers  # deep-translator: only where it is used

    url, key = settings.translator_url, settings.translator_key
    if settings.translator in ("deepl", "microsoft") and not key:
        raise SettingsError(
            f"WAYMARK_TRANSLATOR={settings.translator} needs WAYMARK_TRANSLATOR_KEY. Set it, or "
            "WAYMARK_TRANSLATOR=none (docs/translation.md)."
        )
    engine: Engine
    if settings.translator == "libretranslate":
        engine = providers.LibreTranslate(url, key)
    elif settings.translator == "deepl":
        engine = providers.DeepL(url, key)
    elif settings.translator == "microsoft":
        engine = providers.Microsoft(url, key, settings.translator_region)
    else:
        engine = providers.Google(url)
    if settings.translator != "libretranslate":
        logger.warning(
            "Free text leaves the organisation: it is translated by %s (docs/translation.md).",
            settings.translator,
        )
    return MachineTranslator(settings.translator, engine, settings.translator_timeout_seconds)
