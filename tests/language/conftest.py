"""Translators as a site has them: from the settings, asking a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.language.identify import rank_by_langdetect
from bot.language.translate import Translator, get_translator
from bot.settings import get_settings
from tests.site.libretranslate import LibreTranslate

LIMIT_SECONDS = 0.5
"""For one text; each test of a slow server takes as long."""
MakeTranslator = Callable[..., Translator]


@pytest.fixture
def libretranslate() -> Iterator[LibreTranslate]:
    """A server that speaks LibreTranslate's API."""
    with LibreTranslate() as server:
        yield server


@pytest.fixture
def make_translator(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeTranslator]:
    """The site's translator with these settings: `make_translator(translator="deepl", …)`."""

    def make(**settings: str) -> Translator:
        for name, value in settings.items():
            monkeypatch.setenv(f"WAYMARK_{name.upper()}", value)
        get_settings.cache_clear()
        get_translator.cache_clear()
        return get_translator()

    yield make
    monkeypatch.undo()
    get_settings.cache_clear()
    get_translator.cache_clear()


@pytest.fixture
def translator(libretranslate: LibreTranslate, make_translator: MakeTranslator) -> Translator:
    """The site's translator, asking `libretranslate` with a short time limit."""
    rank_by_langdetect("hello", ("en", "pl"))  # loads its profiles, once, in longer than the limit
    return make_translator(
        translator="libretranslate",
        translator_url=libretranslate.url,
        translator_timeout_seconds=str(LIMIT_SECONDS),
    )
