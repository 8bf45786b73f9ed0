"""A real Chromium for the patient's page, and tabs that watch what the page does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.page_server import AMARA, PageServer
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
OpenPage = Callable[..., tuple[PageServer, Tab]]


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


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens the page of a made-up conversation; `before` fills it first.

    At the end the page must have kept its security policy and logged no error.
    """
    tabs: list[Tab] = []
    with ExitStack() as servers:

        def open_one(
            language: str = "en",
            before: Callable[[PageServer], object] = lambda _: None,
            person: str | None = "joined",
            author: dict[str, str] | None = AMARA,
            **how: int,
        ) -> tuple[PageServer, Tab]:
            server = PageServer(language, person=person, author=author)
            before(server)
            servers.enter_context(server)
            tab = Tab.open(browser, server, language=language, **how)
            tabs.append(tab)
            expect(tab.messages).to_have_count(len(server.messages))
            return server, tab

        yield open_one
        complaints = [complaint for tab in tabs for complaint in tab.complaints()]
        for tab in tabs:
            tab.page.context.close()
    assert complaints == []
