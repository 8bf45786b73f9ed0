"""One tab with the console in it: what a coordinator does there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from bot.records.chat_models import Handoff
from bot.records.session import transaction
from bot.services.demo_staff import demo_password
from tests.browser.tab import NOON_AT_THE_SITE, PICTURES, serious_findings
from tests.site.running import Site

PATIENCE_MS = 20_000


@dataclass
class Desk:
    """A signed-in coordinator. Everything is done by label and role, as a person finds it."""

    page: Page
    site: Site
    errors: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, site: Site, email: str = "amara@demo.waymark") -> Desk:
        """Sign in; the queue of those who wait is shown."""
        context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 900})
        page.clock.install(time=NOON_AT_THE_SITE)
        desk = cls(page, site)
        page.on("pageerror", lambda error: desk.errors.append(str(error)))
        page.goto(site.console)
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(demo_password())
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("h1")).to_contain_text("Waiting")
        return desk

    def row_of_newest(self) -> Locator:
        """The queue's row of the chat that was asked for last."""
        with transaction() as session:
            newest = session.execute(
                select(Handoff.id)
                .where(Handoff.kind == "chat", Handoff.state == "waiting")
                .order_by(Handoff.created_at.desc())
            ).scalars()
            row = self.page.locator(f"#row-{newest.first()}")
        expect(row).to_be_visible(timeout=PATIENCE_MS)
        return row

    def claim_newest(self) -> str:
        """Claim the chat that was asked for last, from the queue; returns its id."""
        row = self.row_of_newest()
        handoff = str(row.get_attribute("id")).removeprefix("row-")
        row.get_by_role("button", name="Claim").click()
        self.page.wait_for_url(f"**/handoffs/{handoff}", timeout=PATIENCE_MS)
        return handoff

    def look_and_send(self, text: str) -> str:
        """Write, look at the translation, send; returns what the patient was going to read."""
        self.page.get_by_label("Message in English").fill(text)
        self.page.get_by_role("button", name="Look at it before sending").click()
        shown = self.page.locator("#preview .waymark-text").first
        expect(shown).to_be_visible(timeout=PATIENCE_MS)
        translated = shown.inner_text()
        self.page.locator("#preview").get_by_role("button", name="Send", exact=True).click()
        expect(self.messages.filter(has_text=text)).to_be_visible(timeout=PATIENCE_MS)
        return translated

    def transfer_to(self, choice: str, note: str) -> None:
        """Offer the hand-off to a colleague or a team."""
        self.page.get_by_text("Transfer", exact=True).click()
        options = self.page.locator("#transfer-to option", has_text=choice)
        self.page.locator("#transfer-to").select_option(options.first.get_attribute("value"))
        self.page.locator("#transfer-note").fill(note)
        self.page.locator("#transfer-save").click()
        expect(
            self.page.get_by_text("It stays with you until it is accepted.").first
        ).to_be_visible()

    def resolve(self, done: str, left_with: str, due: str = "") -> None:
        """Resolve it; the queue of one's own follows."""
        self.page.get_by_text("Resolve", exact=True).first.click()
        self.page.locator("#resolve-done").fill(done)
        self.page.get_by_label(left_with, exact=True).check()
        if due:
            self.page.locator("#resolve-due").fill(due)
        self.page.locator("#resolve-save").click()
        self.page.wait_for_url("**/queue/mine", timeout=PATIENCE_MS)

    @property
    def messages(self) -> Locator:
        """The transcript's messages."""
        return self.page.locator("li.waymark-message")

    def serious_findings(self) -> list[str]:
        """What axe finds serious or critical on this page."""
        return serious_findings(self.page)

    def picture(self, name: str) -> None:
        """Write a picture for the documentation, when that is asked for."""
        folder = os.environ.get(PICTURES)
        if folder:
            self.page.evaluate("window.scrollTo(0, 0)")
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
