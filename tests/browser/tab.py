"""One tab with the patient's page in it: what a patient can do there, and what the page did."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.site.running import Site

PHONE_WIDTH = 390
ANSWER_MS = 40_000
PICTURES = "WAYMARK_WRITE_PICTURES"
"""Environment variable: the folder that the pictures of the documentation are written to."""
NOON_AT_THE_SITE = "2026-05-04T09:00:00Z"
LOCALES = {"en": "en-GB", "pl": "pl-PL", "ar": "ar", "bn": "bn-BD", "es": "es-ES"}

# Keeps what a screen reader would be told, and breaches of the content security policy.
WITNESS = """
window.announced = []; window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
document.addEventListener("DOMContentLoaded", () => {
  const region = document.getElementById("announcer");
  if (region) new MutationObserver((changes) => changes.forEach(({addedNodes}) =>
    addedNodes.forEach((node) => window.announced.push(node.textContent))))
    .observe(region, {childList: true});
});
"""


@dataclass
class Tab:
    """A tab; `say` and `press` wait until the bot has answered."""

    page: Page
    site: Site
    outage_expected: bool = False
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def open(
        cls,
        browser: Browser,
        site: Site,
        path: str = "/chat",
        *,
        language: str = "en",
        width: int = PHONE_WIDTH,
        height: int = 844,
        beside: Tab | None = None,
    ) -> Tab:
        """Open the page at `path` as a patient whose browser is set to `language`."""
        if beside is not None:
            page = beside.page.context.new_page()
        else:
            page = browser.new_context(
                locale=LOCALES[language],
                timezone_id="Europe/London",
                viewport={"width": width, "height": height},
            ).new_page()
            page.context.add_init_script(WITNESS)
            page.clock.install(time=NOON_AT_THE_SITE)
        tab = cls(page, site)
        page.on("request", tab._on_request)
        page.on("websocket", lambda socket: tab._on_address(socket.url))
        page.on("console", tab._on_console)
        page.on("pageerror", lambda error: tab.errors.append(str(error)))
        page.goto(site.address + path)
        if page.locator("#status").count():
            tab.wait_until_connected()
        return tab

    def wait_until_connected(self) -> None:
        """Until the page says nothing about its connection any more."""
        expect(self.page.locator("#status")).to_be_hidden(timeout=ANSWER_MS)

    # ---- what a patient does ----

    def write(self, text: str) -> None:
        """Write a message with the keyboard."""
        self.page.locator("#input").fill(text)
        self.page.locator("#input").press("Enter")

    def say(self, text: str) -> str:
        """Write a message and wait; returns the newest answer."""
        before = self.bot_messages.count()
        self.write(text)
        return self.answer_after(before)

    def choose_language(self, code: str) -> str:
        """Press the button of a language."""
        before = self.bot_messages.count()
        self.page.locator(f"[data-language={code}]").click()
        return self.answer_after(before)

    def answer_after(self, before: int) -> str:
        """Wait for an answer when there were `before` messages of the bot; returns the newest."""
        expect(self.bot_messages.nth(before)).to_be_attached(timeout=ANSWER_MS)
        expect(self.page.locator("#typing")).to_be_hidden(timeout=ANSWER_MS)
        return self.bot_messages.last.inner_text()

    def sign_in(self, nhs_number: str, birth_date: str) -> str:
        """Answer the three questions, the code read from the demo's phone in another tab."""
        self.say(nhs_number)
        self.say(birth_date)
        return self.say(self.code())

    def code(self) -> str:
        """The newest one-time code, as the patient's phone shows it."""
        phone = self.page.context.new_page()
        phone.goto(self.site.address + "/chat/demo/phone")
        code = phone.locator("[data-code]").first.inner_text()
        phone.close()
        return code

    # ---- what is there ----

    @property
    def messages(self) -> Locator:
        """All messages."""
        return self.page.locator("li.waymark-message")

    @property
    def bot_messages(self) -> Locator:
        """Those of the bot, cards too."""
        return self.page.locator("li.waymark-message--bot, li.waymark-message--card")

    @property
    def replies(self) -> Locator:
        """The open quick replies."""
        return self.page.locator(".waymark-replies button")

    def texts(self) -> list[str]:
        """The messages' texts, without their times and quick replies."""
        return self.page.locator(".waymark-message__text, .nhsuk-card").all_inner_texts()

    def numbers(self) -> list[int]:
        """The messages' numbers in their order on the page."""
        return [
            int(n)
            for n in self.page.eval_on_selector_all(
                "li.waymark-message", "all => all.map((li) => li.dataset.seq)"
            )
        ]

    def announced(self) -> list[str]:
        """All that the live region said so far."""
        return list(self.page.evaluate("window.announced"))

    def fits_the_width(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
        )

    def serious_findings(self) -> list[str]:
        """What axe finds serious or critical: rule and first element."""
        return serious_findings(self.page)

    def complaints(self) -> list[str]:
        """Other hosts asked, breaches of the security policy, errors."""
        breaches = [] if self.page.is_closed() else self.page.evaluate("window.breaches ?? []")
        return [*self.elsewhere, *breaches, *([] if self.outage_expected else self.errors)]

    def picture(self, name: str) -> None:
        """Write the whole conversation as a picture for the documentation, when asked to."""
        folder = os.environ.get(PICTURES)
        if not folder:
            return
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": PHONE_WIDTH, "height": height})
        self.page.evaluate("document.activeElement.blur()")
        self.page.screenshot(path=str(Path(folder) / f"{name}.png"), animations="disabled")

    # ---- what happens ----

    def _on_request(self, request: Request) -> None:
        self._on_address(request.url)

    def _on_address(self, url: str) -> None:
        own = self.site.address
        if not url.startswith((f"{own}/", own.replace("http", "ws", 1) + "/")):
            self.elsewhere.append(url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


def serious_findings(page: Page) -> list[str]:
    """What axe finds serious or critical on a page: rule and first element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{finding['id']}: {finding['nodes'][0]['html']}"
        for finding in found
        if finding["impact"] in ("serious", "critical")
    ]
