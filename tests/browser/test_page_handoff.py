"""The patient's page while a coordinator takes over: who writes, in what language, who is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenPage
from tests.browser.page_server import POLISH, TRANSLATED, PageServer, queue_line, stop_clock
from tests.browser.tab import Tab

pytestmark = pytest.mark.slow
ARABIC = {"name": "Amara", "title": "منسقة الرعاية"}


def _said(server: PageServer, string: str, **values: str) -> str:
    """A page string in the page's language, its places filled."""
    return server.session["strings"][string].format(**values)


def _hide_tab(tab: Tab, hidden: bool) -> None:
    """What a browser does when the patient turns to another tab; headless it never would."""
    tab.page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", {get: () => hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


# ---- what a coordinator wrote ----


def test_translated_message_says_who_wrote_it_that_it_is_translated_and_keeps_the_original(
    open_page: OpenPage,
) -> None:
    server, tab = open_page("pl")
    server.say(1, "Proszę zadzwonić pod 020 3299 9000.", "coordinator", **TRANSLATED)
    item = tab.messages.last
    expect(item.locator("strong")).to_have_text("Amara, koordynatorka opieki")
    expect(item).to_have_attribute("lang", "pl")
    label = item.locator(".waymark-message__translated")
    provider = "LibreTranslate"
    assert label.inner_text() == _said(server, "page_machine_translated", provider=provider)

    original = item.locator(".waymark-original__text")
    expect(original).to_be_hidden()
    item.locator("summary").focus()
    tab.page.keyboard.press("Enter")
    expect(original).to_be_visible()
    assert original.locator("p").all_inner_texts() == TRANSLATED["original"].split("\n\n")
    assert (original.get_attribute("lang"), original.get_attribute("dir")) == ("en", "ltr")
    spoken = "Amara, koordynatorka opieki: Proszę zadzwonić pod 020 3299 9000."
    assert tab.announced() == [spoken]


def test_english_message_on_a_polish_page_is_marked_as_english(open_page: OpenPage) -> None:
    server, tab = open_page("pl")
    server.say(1, "Please call the ward.", "coordinator", author=POLISH, language="en")
    expect(tab.messages.last).to_have_attribute("lang", "en")
    expect(tab.messages.last.locator(".waymark-message__meta")).to_have_attribute("lang", "pl")
    expect(tab.page.locator("details, .waymark-message__translated")).to_have_count(0)
    expect(tab.page.locator("#announcer p")).to_have_attribute("lang", "en")


def test_canned_reply_is_no_machine_translation(open_page: OpenPage) -> None:
    server, tab = open_page("pl")
    server.say(1, "Dziękujemy.", "coordinator", author=POLISH, original="Thank you.")
    expect(tab.messages).to_have_count(1)
    expect(tab.page.locator("details, .waymark-message__translated")).to_have_count(0)


def test_script_in_a_name_a_text_or_an_original_is_shown_and_not_run(open_page: OpenPage) -> None:
    server, tab = open_page()
    bad = "<img src=x onerror=alert(1)>"
    server.tell_session(author={"name": bad, "title": "{name}"})
    author = {"name": bad, "title": "x"}
    server.say(1, bad, "coordinator", author=author, original=bad, machine=bad)
    expect(tab.messages).to_have_count(1)
    expect(tab.page.locator("#person")).to_have_text(f"You are talking to {bad}, {{name}}")
    assert tab.texts() == [bad]
    assert tab.page.locator("img").count() == 0


# ---- typing ----


@pytest.mark.parametrize("person", ["waiting", "joined"])
def test_coordinator_is_told_at_most_every_three_seconds_that_the_patient_writes(
    open_page: OpenPage, person: str
) -> None:
    server, tab = open_page(person=person)
    stop_clock(tab.page)
    box = tab.page.locator("#input")
    box.press_sequentially("My knee hurts")
    _wait_until(tab, lambda: server.typed == 1)
    tab.page.clock.run_for(2900)
    box.press_sequentially(" more")
    tab.page.clock.run_for(101)
    box.press_sequentially(" today")
    _wait_until(tab, lambda: server.typed == 2)
    tab.page.clock.run_for(3100)
    box.fill("")
    box.fill("  ")
    tab.page.wait_for_timeout(300)
    assert server.typed == 2


def test_nobody_is_told_that_the_patient_writes_to_the_bot(open_page: OpenPage) -> None:
    server, tab = open_page(person=None, author=None)
    tab.page.locator("#input").press_sequentially("where is my referral?")
    tab.page.wait_for_timeout(300)
    assert server.typed == 0


def test_coordinator_who_writes_is_named_until_the_message_or_six_seconds(
    open_page: OpenPage,
) -> None:
    server, tab = open_page("pl", author=POLISH)
    line = tab.page.locator("#typing")
    server.tell("typing", {"on": True, "who": "coordinator"})
    expect(line).to_be_visible()
    assert line.inner_text().strip() == _said(server, "page_coordinator_typing", name="Amara")
    server.say(1, "Dzień dobry", "coordinator", author=POLISH)
    expect(line).to_be_hidden()

    stop_clock(tab.page)
    for _ in range(2):  # the second sign begins the six seconds anew
        server.tell("typing", {"on": True, "who": "coordinator"})
        expect(line).to_be_visible()
        tab.page.wait_for_timeout(200)
        tab.page.clock.run_for(4000)
    expect(line).to_be_visible()
    tab.page.clock.run_for(2100)
    expect(line).to_be_hidden()


def test_bot_that_writes_is_not_named(open_page: OpenPage) -> None:
    server, tab = open_page(person=None, author=None)
    server.tell("typing", {"on": True})
    expect(tab.page.locator("#typing")).to_contain_text("A reply is being written.")
    server.tell("typing", {"on": False, "who": "bot"})
    expect(tab.page.locator("#typing")).to_be_hidden()


# ---- who is there ----


def test_page_says_whom_the_patient_talks_to_while_they_are_there(open_page: OpenPage) -> None:
    server, tab = open_page("pl", person="waiting", author=POLISH)
    line = tab.page.locator("#person")
    expect(line).to_be_hidden()
    server.tell_session(person="joined", author=POLISH)
    expect(line).to_have_text(_said(server, "page_with_person", **POLISH))
    expect(line).to_be_in_viewport()
    server.tell_session(author=POLISH | {"name": "Ben"})  # transferred
    expect(line).to_have_text(_said(server, "page_with_person", **POLISH | {"name": "Ben"}))
    server.tell_session(person=None, author=None)
    expect(line).to_be_hidden()


def test_labels_follow_the_page_into_another_language(open_page: OpenPage) -> None:
    server, tab = open_page("pl", author=POLISH)
    server.say(1, "Dzień dobry", "coordinator", **TRANSLATED)
    arabic = PageServer("ar").session["strings"]
    server.tell_session(language="ar", dir="rtl", strings=arabic, author=ARABIC)
    expect(tab.page.locator("html")).to_have_attribute("dir", "rtl")
    labels = tab.page.locator("#person, .waymark-message__translated, summary")
    assert labels.all_inner_texts() == [
        _said(server, "page_with_person", **ARABIC),
        _said(server, "page_machine_translated", provider="LibreTranslate"),
        _said(server, "page_original"),
    ]
    expect(tab.messages.first).to_have_attribute("dir", "ltr")  # the message itself is Polish


def test_title_counts_what_came_while_the_tab_was_out_of_sight(open_page: OpenPage) -> None:
    server, tab = open_page(before=queue_line)
    title = tab.page.title()
    server.say(4, "seen at once", "coordinator")
    _hide_tab(tab, True)
    server.say(5, "not seen", "coordinator")
    server.say(5, "not seen", "coordinator")
    server.say(2, "Your place in the queue: 1.", revision=1)
    expect(tab.page).to_have_title(f"(1) {title}")
    server.say(6, "not seen either", "bot")
    expect(tab.page).to_have_title(f"(2) {title}")
    server.tell_session()
    _hide_tab(tab, False)
    expect(tab.page).to_have_title(title)


# ---- for everybody ----


@pytest.mark.parametrize("language", ["pl", "ar"])
@pytest.mark.parametrize("width", [320, 1280])
def test_hand_off_fits_every_width_and_direction(
    open_page: OpenPage, language: str, width: int
) -> None:
    author = {"pl": POLISH, "ar": ARABIC}[language]
    server, tab = open_page(language, queue_line, author=author, width=width, height=720)
    translated = TRANSLATED | {"author": author}
    words = {"pl": "Proszę zadzwonić pod 020 3299 9000.", "ar": "يرجى الاتصال على 020 3299 9000."}
    server.say(4, words[language], "coordinator", **translated)
    server.say(5, "Thank you, Zofia. Take care.", "coordinator", author=author, language="en")
    server.tell("typing", {"on": True, "who": "coordinator"})
    tab.page.locator("summary").click()
    expect(tab.page.locator("#typing")).to_be_visible()
    tab.page.emulate_media(reduced_motion="reduce")
    dots = tab.page.locator(".waymark-dots i").first
    assert dots.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    assert tab.fits_the_width()
    assert tab.serious_findings() == []
    _stands_on_the_side_of_its_direction(tab.messages.nth(3), language)
    assert tab.page.locator("summary").bounding_box()["height"] >= 44


def _stands_on_the_side_of_its_direction(item: Locator, language: str) -> None:
    """A coordinator's bubble and the line of what it is stand where the page begins to be read."""
    edges = item.evaluate(
        """(li, names) => names.map((name) => {
          const {left, right} = li.querySelector(name).getBoundingClientRect();
          const list = li.parentElement.getBoundingClientRect();
          return [Math.round(left - list.left), Math.round(list.right - right)];
        })""",
        [".waymark-message__text", ".waymark-message__translated", "summary"],
    )
    starts = [from_left if language == "pl" else from_right for from_left, from_right in edges]
    assert starts == [0, 0, 0]


def _wait_until(tab: Tab, come: Callable[[], bool], tries: int = 50) -> None:
    for _ in range(tries):
        if come():
            return
        tab.page.wait_for_timeout(50)
    pytest.fail("It did not happen.")
