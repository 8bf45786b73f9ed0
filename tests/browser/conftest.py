"""A real Chromium for the patient's page, and tabs that watch what the page does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.tab import Tab
from tests.site.running import Site

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OpenTab = Callable[..., Tab]


def _chromium() -> str | None:
    """Debian's Chromium; None: Playwright's own."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


# Not for the whole session: Playwright's loop would stand in the way of other tests' own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(), args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def open_tab(browser: Browser, site: Site, tmp_path: Path) -> Iterator[OpenTab]:
    """Opens the page as a new visitor, or with `beside` in a further tab of the same browser.

    At the end every tab must have kept its security policy, asked no other host for anything and
    logged no error.
    """
    opened: list[Tab] = []

    def open_one(path: str = "/chat", **how: object) -> Tab:
        opened.append(Tab.open(browser, site, path, **how))
        return opened[-1]

    yield open_one
    complaints = [complaint for tab in opened for complaint in tab.complaints()]
    for tab in opened:
        tab.page.context.close()
    assert complaints == []
