"""deep-translator's classes behind one method, each with its quirks worked around.

`translator.get_translator` makes the one that is set up; nothing is requested before the first
text. The quirks are those of deep-translator 1.11.4, which the lock file pins.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from deep_translator import (
    DeeplTranslator,
    GoogleTranslator,
    LibreTranslator,
    MicrosoftTranslator,
    deepl,
    google,
    libre,
    microsoft,
)
from deep_translator.exceptions import LanguageNotSupportedException

from bot.errors import TranslationFailed
from bot.language.translate.wire import Wire

LANGUAGES_KEPT_SECONDS = 600.0
LIBRETRANSLATE_CODES = {"zh": ("zh", "zh-Hans"), "pt": ("pt", "pb")}
"""What LibreTranslate's versions call a language; the first that a server has is taken."""
DEEPL_TARGETS = {"en": "EN-GB", "pt": "PT-PT"}
"""DeepL asks for a variety in these; British English has the day before the month."""
MICROSOFT_CODES = {"zh": "zh-Hans", "pt": "pt-pt"}
GOOGLE_CODES = {"zh": "zh-CN"}
GOOGLE_MOST_CHARACTERS = 4999


class LibreTranslate:
    """A LibreTranslate server, which says itself what languages it has."""

    def __init__(self, url: str, key: str) -> None:
        self._url = _with_slash(url)
        self._key = key
        self._targets: dict[str, set[str]] = {}
        self._targets_until = 0.0

    def ask(self, text: str, source: str, target: str) -> object:
        """See `translator.Engine`."""
        targets = self._languages()
        source_code = _first_known(source, set(targets))
        target_code = _first_known(target, targets[source_code])
        client = LibreTranslator(api_key=self._key or "none", custom_url=self._url)
        client.api_key = self._key  # it refuses to be made without one; an empty one isn't sent
        # Set after it is made: its own table lacks half of the languages that servers have.
        client.source, client.target = source_code, target_code
        return client.translate(text)

    def _languages(self) -> dict[str, set[str]]:
        """Code → codes that the server translates it into."""
        if time.monotonic() >= self._targets_until:
            known = libre.requests.get(f"{self._url}languages").json()
            everything = [language["code"] for language in known]
            self._targets = {
                language["code"]: set(language.get("targets") or everything) for language in known
            }
            self._targets_until = time.monotonic() + LANGUAGES_KEPT_SECONDS
        return self._targets


class DeepL:
    """DeepL's service; the free one for keys that end in ":fx"."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def ask(self, text: str, source: str, target: str) -> object:
        """See `translator.Engine`. DeepL itself refuses what it doesn't support."""
        client = DeeplTranslator(api_key=self._key, use_free_api=self._key.endswith(":fx"))
        client.source, client.target = source.upper(), DEEPL_TARGETS.get(target, target.upper())
        if self._url:
            client._base_url = _with_slash(self._url)  # it has no parameter for it
        return client.translate(text)


class _MicrosoftClient(MicrosoftTranslator):
    def _get_supported_languages(self) -> dict[str, str]:
        """Enough to be made; the original requests the list anew for each text."""
        return {"english": "en"}


class Microsoft:
    """Azure's Translator."""

    def __init__(self, url: str, key: str, region: str) -> None:
        self._url = url
        self._key = key
        self._region = region

    def ask(self, text: str, source: str, target: str) -> object:
        """See `translator.Engine`. Azure itself refuses what it doesn't support."""
        client = _MicrosoftClient(api_key=self._key, region=self._region or None)
        client.source = MICROSOFT_CODES.get(source, source)
        client.target = MICROSOFT_CODES.get(target, target)
        if self._url:
            client._base_url = f"{_with_slash(self._url)}translate?api-version=3.0"
        return client.translate(text)


class Google:
    """Google Translate's page for old phones: no key, no contract."""

    def __init__(self, url: str) -> None:
        self._url = url
        # The text stands in the address here, and urllib3 logs addresses at DEBUG.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def ask(self, text: str, source: str, target: str) -> object:
        """See `translator.Engine`. Its list of languages is deep-translator's."""
        if len(text) > GOOGLE_MOST_CHARACTERS:
            raise TranslationFailed("unsupported")
        try:
            client = GoogleTranslator(
                source=GOOGLE_CODES.get(source, source), target=GOOGLE_CODES.get(target, target)
            )
        except LanguageNotSupportedException:
            raise TranslationFailed("unsupported") from None
        if self._url:
            client._base_url = f"{_with_slash(self._url)}m"
        return client.translate(text)


def _with_slash(url: str) -> str:
    return url.rstrip("/") + "/"


def _first_known(language: str, known: set[str]) -> str:
    for code in LIBRETRANSLATE_CODES.get(language, (language,)):
        if code in known:
            return code
    raise TranslationFailed("unsupported")


def _in_the_body(method: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Text and key as a form: an address is logged, and gunicorn cuts it at 4,094 bytes."""
    return method, {"data": arguments["params"]} if method == "POST" else arguments


def _as_deepl_wants(method: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A POST with the key in a header: DeepL takes nothing else since January 2026.

    Source: DeepL's change notices of March and November 2025.
    """
    fields = arguments["params"]
    return "POST", {
        "json": {
            "text": [fields["text"]],
            "source_lang": fields["source_lang"],
            "target_lang": fields["target_lang"],
        },
        "headers": {"Authorization": f"DeepL-Auth-Key {fields['auth_key']}"},
    }


libre.requests = Wire(_in_the_body)
deepl.requests = Wire(_as_deepl_wants)
microsoft.requests = Wire()
google.requests = Wire()
