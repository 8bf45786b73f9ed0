"""The patient's page at the console: what axe finds, and access recorded by label and role."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.records.staff_models import Staff, Team
from tests.browser.tab import PICTURES, serious_findings
from tests.browser.test_console_shell import (
    OpenPage,
    amara,
    browsing,
    console,
    live,
    origin,
    sign_in,
    team,
)
from tests.console.conftest import Console
from tests.console.opened import a_chat, zofia

pytestmark = pytest.mark.slow
__all__ = ["amara", "browsing", "console", "live", "team"]


def picture(page: Page, name: str) -> None:
    folder = os.environ.get(PICTURES)
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_access_is_recorded_and_withdrawn_and_axe_finds_nothing(
    browsing: OpenPage, console: Console, team: Team, amara: Staff
) -> None:
    known = zofia(console)
    handoff = a_chat(console, team, known=known)
    page = browsing("/queue/waiting")
    sign_in(page)
    page.goto(f"{origin(page)}/handoffs/{handoff.id}")
    page.get_by_role("link", name="People who may ask for this patient").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zofia Wzorek")
    page.get_by_role("button", name="Record access").click()
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    assert serious_findings(page) == []
    picture(page, "carers-errors")
    for label, text in {
        "Given name": "Layla",
        "Family name": "Wzorek",
        "Date of birth": "12 6 1999",
        "Postcode": "SE5 9AA",
        "Mobile phone": "07700 900120",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    for choice in ("The patient agrees", "Appointments only", "Yes, or none was needed"):
        page.get_by_label(choice, exact=True).check()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_role("button", name="Record access").click()
    expect(page.locator(".waymark-notice--success")).to_contain_text("Recorded.")
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_text("Withdraw", exact=False).first.click()
    picture(page, "carers")
    page.get_by_label("It was recorded by mistake").check()
    page.get_by_role("button", name="Withdraw access").click()
    expect(page.locator(".waymark-notice--success")).to_contain_text("Withdrawn.")
    expect(page.get_by_text("May ask", exact=True)).to_have_count(0)
