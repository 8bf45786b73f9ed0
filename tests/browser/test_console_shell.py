"""What every page of the console does in a real browser: live events, drafts, sounds, the end of
the session. The console runs alone here, without Rasa."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from bot.console import hub
from bot.records.chat_models import Handoff
from bot.records.session import make_engine
from bot.records.staff_models import Staff, StaffSession, Team
from bot.services.staff import deactivate
from bot.services.watch import watch
from bot.settings import get_settings
from tests.browser.tab import PICTURES, serious_findings
from tests.console.conftest import PASSWORD, Console, console_on
from tests.console.opened import a_chat, claimed, write, zofia
from tests.site.live_console import LiveConsole

pytestmark = pytest.mark.slow
PATIENCE_MS = 10_000
TEXT = "Your appointment is on Monday, I will ask the clinic"

# Hears what is hidden from a page: sounds, notifications, breaches of the policy. A headless
# browser shows all its tabs at once, so "in the background" is a switch here.
WITNESS = """
window.sounds = 0; window.notified = []; window.breaches = []; window.away = false;
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  window.sounds += 1;
  return make.call(this);
};
window.Notification = class {
  static permission = "granted";
  static async requestPermission() { return "granted"; }
  constructor(title, {body}) { window.notified.push(`${title}: ${body}`); }
};
Object.defineProperty(document, "visibilityState", {get: () => window.away ? "hidden" : "visible"});
document.hasFocus = () => !window.away;
"""


@pytest.fixture
def console(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Console]:
    path = tmp_path / "records.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = make_engine(f"sqlite:///{path}")
    yield from console_on(made, monkeypatch)
    made.dispose()


@pytest.fixture
def live(console: Console) -> Iterator[LiveConsole]:
    with LiveConsole() as running:
        yield running


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk")


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


OpenPage = Callable[..., Page]


@pytest.fixture
def browsing(browser: Browser, live: LiveConsole) -> Iterator[OpenPage]:
    """Opens a page of the console: in a new browser, or in a further tab of another page's.

    At the end no page may have broken the policy, asked another host or failed in a script.
    """
    opened: list[Page] = []
    wrong: list[str] = []

    def open_page(path: str, *, beside: Page | None = None, width: int = 1280) -> Page:
        context: BrowserContext = beside.context if beside else browser.new_context(locale="en-GB")
        if beside is None:
            context.add_init_script(WITNESS)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: check(request.url))
        page.goto(live.address + path)
        opened.append(page)
        return page

    def check(url: str) -> None:
        if not url.startswith((live.address, "data:")):
            wrong.append(url)

    yield open_page
    wrong += [breach for page in opened for breach in page.evaluate("window.breaches")]
    for page in opened:
        page.context.close()
    assert wrong == []


def sign_in(page: Page, name: str = "amara") -> None:
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def origin(page: Page) -> str:
    return str(page.evaluate("location.origin"))


def look_away(page: Page, *, away: bool = True) -> None:
    page.evaluate(
        "(away) => { window.away = away; dispatchEvent(new Event('visibilitychange')); }", away
    )


def waiting(page: Page) -> str:
    return page.locator("#navigation a[href='/queue/waiting'] .waymark-count").inner_text()


def expect_waiting(page: Page, number: int) -> None:
    count = page.locator("#navigation a[href='/queue/waiting'] .waymark-count")
    expect(count).to_have_text(str(number), timeout=PATIENCE_MS)


@pytest.fixture
def own_chat(console: Console, team: Team, amara: Staff) -> Handoff:
    """A chat that Amara holds."""
    return claimed(console, amara, a_chat(console, team, said="dzień dobry"))


# ---- signing in ----


def test_sign_in_works_by_keyboard_alone_and_says_what_is_wrong(
    browsing: OpenPage, amara: Staff
) -> None:
    page = browsing("/queue/waiting")
    assert serious_findings(page) == []
    page.get_by_label("E-mail address").press("Enter")
    summary = page.locator(".nhsuk-error-summary")
    expect(summary).to_be_focused()
    assert serious_findings(page) == []
    page.get_by_role("link", name="Enter your e-mail address").press("Enter")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("amara@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#maincontent")).to_be_focused()


@pytest.mark.parametrize("path", ["/sign-in", "/queue/waiting", "/nowhere"])
def test_pages_fit_a_narrow_screen_and_axe_finds_nothing(
    browsing: OpenPage, amara: Staff, path: str
) -> None:
    page = browsing("/queue/waiting", width=320)
    if path != "/sign-in":
        sign_in(page)
    page.goto(origin(page) + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert serious_findings(page) == []


# ---- live events ----


def test_number_in_the_menu_follows_by_itself_in_more_tabs_than_a_browser_has_connections(
    browsing: OpenPage, console: Console, team: Team, amara: Staff
) -> None:
    first = browsing("/queue/waiting")
    sign_in(first)
    tabs = [first, *(browsing("/queue/team", beside=first) for _ in range(8))]
    assert [waiting(tab) for tab in tabs] == ["0"] * 9
    a_chat(console, team)
    for tab in tabs:
        expect_waiting(tab, 1)


def test_lost_connection_is_said_and_what_was_missed_comes_after(
    browsing: OpenPage, console: Console, live: LiveConsole, team: Team, amara: Staff
) -> None:
    page = browsing("/queue/waiting")
    sign_in(page)
    notice = page.locator("#connection")
    a_chat(console, team)
    expect_waiting(page, 1)
    live.__exit__()
    expect(notice).to_contain_text("Not connected: showing what was known at")
    a_chat(console, team)
    with LiveConsole(live.port):
        expect(notice).to_have_text("", timeout=20_000)
        expect_waiting(page, 2)


def test_page_refreshes_keep_what_the_reader_opened_and_the_focus(
    browsing: OpenPage, console: Console, team: Team, amara: Staff
) -> None:
    page = browsing("/queue/waiting")
    sign_in(page)
    link = page.locator("#navigation a[href='/issues']")
    link.focus()
    a_chat(console, team)
    expect_waiting(page, 1)
    expect(link).to_be_focused()


# ---- sounds, notifications, the title ----


def test_something_new_is_heard_once_and_shown_without_a_patients_words(
    browsing: OpenPage, console: Console, own_chat: Handoff
) -> None:
    front = browsing("/queue/waiting")
    sign_in(front)
    behind = browsing("/queue/mine", beside=front)
    front.bring_to_front()
    for label in ("Tell me with a sound", "Show notifications"):
        front.get_by_role("button", name=label).click()
        expect(front.get_by_role("button", name=label)).to_have_attribute("aria-pressed", "true")
    tried = front.evaluate("window.sounds")
    assert tried == 1  # one to try it
    for page in (front, behind):
        look_away(page)
    write(console, own_chat.conversation_id, "Mam na imię Zofia")
    expect(front).to_have_title("(1) Waiting – Waymark console")
    expect(behind).to_have_title("(1) Mine – Waymark console")
    heard = sum(page.evaluate("window.sounds") for page in (front, behind)) - tried
    shown = [text for page in (front, behind) for text in page.evaluate("window.notified")]
    assert (heard, shown) == (1, ["Waymark console: A patient has written in a chat of yours."])
    look_away(front, away=False)
    expect(front).to_have_title("Waiting – Waymark console")
    front.reload()
    pressed = front.get_by_role("button", name="Tell me with a sound")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "false")


# ---- drafts, typing ----


def test_draft_outlives_a_reload_and_the_end_of_the_session(
    browsing: OpenPage, console: Console, own_chat: Handoff
) -> None:
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    box = page.get_by_label("Message in English")
    box.press_sequentially(TEXT)
    page.reload()
    expect(box).to_have_value(TEXT)
    with console.transaction() as session:
        session.execute(update(StaffSession).values(ended_at=console.now))
    # The live events may say first that the session is over: then the button is gone already.
    page.evaluate("document.getElementById('compose-go')?.click()")
    expect(page.get_by_text("What you were writing is kept")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Sign in again").click()
    assert unquote(page.url).endswith(f"/sign-in?next=/handoffs/{own_chat.id}")
    sign_in(page)
    page.wait_for_url(f"**/handoffs/{own_chat.id}")
    expect(box).to_have_value(TEXT)


def test_draft_is_gone_after_sign_out_in_the_other_tabs_too(
    browsing: OpenPage, own_chat: Handoff
) -> None:
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    beside = browsing(f"/handoffs/{own_chat.id}", beside=page)
    for tab in (page, beside):
        tab.get_by_label("Message in English").press_sequentially(TEXT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    expect(beside).to_have_title("Signed out – Waymark console")
    sign_in(page)
    for tab in (page, beside):
        tab.goto(f"{origin(tab)}/handoffs/{own_chat.id}")
        expect(tab.get_by_label("Message in English")).to_have_value("")


def test_draft_is_not_shown_to_another_person_at_the_same_browser(
    browsing: OpenPage, console: Console, team: Team, own_chat: Handoff
) -> None:
    console.staff("ben", teams=[team])
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    page.get_by_label("Message in English").press_sequentially(TEXT)
    page.context.clear_cookies()
    page.goto(page.url)
    sign_in(page, "ben")
    assert TEXT not in page.content()
    assert page.evaluate("JSON.stringify(sessionStorage)").count(TEXT) == 0


def test_typing_is_told_at_most_every_three_seconds(browsing: OpenPage, own_chat: Handoff) -> None:
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    told: list[float] = []
    page.on(
        "request",
        lambda request: told.append(time.monotonic()) if request.url.endswith("/typing") else None,
    )
    box = page.get_by_label("Message in English")
    box.press("Space")
    end = time.monotonic() + 4
    while time.monotonic() < end:
        box.press_sequentially("word ", delay=20)
    assert len(told) == 2
    assert told[1] - told[0] >= 2.9


# ---- the end of the session ----


def test_ended_session_empties_every_tab_and_leads_to_sign_in_and_back(
    browsing: OpenPage, console: Console, amara: Staff, own_chat: Handoff
) -> None:
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    behind = browsing("/queue/mine", beside=page)
    look_away(behind)
    page.get_by_label("Message in English").press_sequentially(TEXT)
    with console.transaction() as session:
        deactivate(session, session.get(Staff, amara.id), console.now)
    for tab in (page, behind):
        expect(tab).to_have_title("Signed out – Waymark console")
        assert "dzień dobry" not in tab.content()
        assert "Amara" not in tab.content()
        assert serious_findings(tab) == []
    expect(page.get_by_role("heading", name="You are signed out")).to_be_focused()
    expect(page.get_by_text("What you were writing is kept")).to_be_visible()
    expect(behind.get_by_text("What you were writing is kept")).to_have_count(0)
    page.get_by_role("link", name="Sign in again").click()
    assert page.url.endswith(f"/sign-in?next=%2Fhandoffs%2F{own_chat.id}")


def test_end_that_is_near_can_be_put_off(
    browsing: OpenPage, console: Console, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SESSION_CHECK", timedelta(0))
    page = browsing("/queue/waiting")
    sign_in(page)
    seen = console.now - timedelta(minutes=get_settings().staff_idle_minutes - 2)
    with console.transaction() as session:
        session.execute(update(StaffSession).values(last_seen_at=seen))
    warning = page.locator("#ending")
    expect(warning).to_contain_text("You will be signed out in 2 minutes.")
    assert serious_findings(page) == []
    page.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_have_text("")
    with console.transaction() as session:
        (kept,) = session.execute(select(StaffSession)).scalars()
    assert console.now - kept.last_seen_at < timedelta(seconds=20)


# ---- what fails ----


def test_server_that_does_not_answer_is_said_and_nothing_typed_is_lost(
    browsing: OpenPage, live: LiveConsole, own_chat: Handoff
) -> None:
    page = browsing(f"/handoffs/{own_chat.id}")
    sign_in(page)
    box = page.get_by_label("Message in English")
    box.press_sequentially(TEXT)
    live.__exit__()
    page.get_by_role("button", name="Look at it before sending").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("The console doesn't answer.")
    expect(notice).to_be_in_viewport()
    expect(box).to_have_value(TEXT)


def test_a_task_of_the_watch_is_claimed_and_resolved(
    console: Console, team: Team, amara: Staff, browsing: OpenPage
) -> None:
    known = zofia(console)
    with console.transaction() as session:
        session.get(Team, team.id).organisation_id = known.referral.provider_id
    page = browsing("/queue/waiting")
    sign_in(page)
    page.goto(f"{origin(page)}/queue/waiting")
    watch(console.now, console.engine)
    row = page.locator("tr", has_text="Referral overdue")
    expect(row).to_contain_text("Chase: The hospital.", timeout=PATIENCE_MS)  # by a live event
    assert serious_findings(page) == []
    row.get_by_role("button", name="Claim").click()
    page.wait_for_url("**/handoffs/*")
    expect(page.get_by_role("heading", name="What is missing")).to_be_visible()
    expect(page.locator("#panel")).to_contain_text("Being read by the hospital (triage)")
    for tool in ("Interpreter", "Transfer", "Resolve"):
        page.locator("summary", has_text=tool).first.click()
    assert serious_findings(page) == []
    if folder := os.environ.get(PICTURES):
        page.screenshot(path=Path(folder) / "task.png", full_page=True)
    page.locator("#note-text").fill("I rang the booking office")
    page.locator("#note-save").click()
    expect(page.locator("#panel")).to_contain_text("I rang the booking office")
    page.locator("#resolve-done").fill("They will read it this week")
    page.get_by_label("The hospital", exact=True).check()
    page.locator("#resolve-due").fill("2026-05-08")
    page.locator("#resolve-save").click()
    page.wait_for_url("**/queue/mine")
    page.goto(f"{origin(page)}/queue/resolved")
    expect(page.locator("#rows")).to_contain_text("They will read it this week")
