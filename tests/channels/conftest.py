"""What the tests of channels share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import get_settings
from tests.site.telegram_api import TelegramApi


@pytest.fixture
def api() -> Iterator[TelegramApi]:
    """A Bot API of one test's own, whose refusals no other test counts."""
    with TelegramApi() as running:
        yield running


@pytest.fixture
def own_database(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A database that no running site sends from."""
    shutil.copy(sqlite_template, tmp_path / "own.db")
    monkeypatch.setenv("WAYMARK_DATABASE_URL", f"sqlite:///{tmp_path}/own.db")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()
