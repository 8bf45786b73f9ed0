"""Keyboard, screen reader, narrow screen, and what axe finds."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.tab import Tab

pytestmark = pytest.mark.slow
RED = "rgb(213, 40, 27)"
EMERGENCY = "I have chest pain and cannot breathe"


def test_whole_conversation_is_possible_with_the_keyboard_alone(open_tab: OpenTab) -> None:
    tab = open_tab()
    keyboard = tab.page.keyboard
    keyboard.press("Tab")
    expect(tab.page.get_by_role("link", name="Skip to your message")).to_be_focused()
    keyboard.press("Enter")
    expect(tab.page.locator("#input")).to_be_focused()
    keyboard.type("what can")
    keyboard.press("Shift+Enter")
    keyboard.type("you do?")
    before = tab.bot_messages.count()
    keyboard.press("Enter")
    tab.answer_after(before)
    own = tab.page.locator(".waymark-message--patient .waymark-message__text").last
    assert own.inner_text() == "what can\nyou do?"

    expect(tab.replies.first).to_be_visible()
    title = tab.replies.first.inner_text()
    keyboard.press("Shift+Tab")
    for _ in range(tab.replies.count() - 1):
        keyboard.press("Shift+Tab")
    expect(tab.replies.first).to_be_focused()
    assert tab.replies.first.evaluate(
        "b => getComputedStyle(b).outlineStyle !== 'none'"
        " || getComputedStyle(b).boxShadow !== 'none'"
    )
    before = tab.bot_messages.count()
    keyboard.press("Enter")
    tab.answer_after(before)
    assert (
        tab.page.locator(".waymark-message--patient .waymark-message__text").last.inner_text()
        == title
    )
    assert tab.page.get_by_role("button", name=title, exact=True).count() == 0
    # The focus is still at the conversation, not lost at the top of the page.
    assert tab.page.evaluate("document.activeElement !== document.body")


def test_language_is_picked_with_the_keyboard(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.page.locator("#language").focus()
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Tab")
    for _ in range(4):
        if tab.page.evaluate("document.activeElement.dataset.language") == "es":
            break
        tab.page.keyboard.press("Tab")
    before = tab.bot_messages.count()
    tab.page.keyboard.press("Enter")
    tab.answer_after(before)
    expect(tab.page.locator("html")).to_have_attribute("lang", "es")
    expect(tab.page.locator("#picker")).to_be_hidden()
    tab.page.keyboard.press("Enter")  # the focus went to the button that opens the choice again
    expect(tab.page.locator("[data-language=es]")).to_have_attribute("aria-current", "true")


def test_emergency_card_looks_like_one_and_is_announced_once(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.say(EMERGENCY)
    card = tab.page.locator(".waymark-message--card")
    expect(card).to_have_count(1)
    heading = card.locator(".nhsuk-card__heading-container")
    assert heading.evaluate("h => getComputedStyle(h).backgroundColor") == RED
    expect(card.get_by_role("heading")).to_have_text("This may be an emergency")
    assert card.locator("a[href='tel:999']").count() >= 1
    spoken = [text for text in tab.announced() if "999" in text]
    assert len(spoken) == 1
    assert tab.fits_the_width()
    assert tab.serious_findings() == []


def test_every_new_bot_message_is_announced_exactly_once_in_its_language(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    tab.say("hello")
    tab.say("what can you do?")
    tab.say("thank you")
    shown = tab.page.locator(".waymark-message--bot .waymark-message__text").all_text_contents()
    spoken = tab.announced()
    plain = [text.removeprefix("Assistant: ").replace("\n", "") for text in spoken]
    assert plain == [text.replace("\n", "") for text in shown]
    region = tab.page.locator("#announcer")
    assert region.get_attribute("aria-live") == "polite"
    assert region.locator("p").first.get_attribute("lang") == "en"


def test_refused_language_is_said_where_it_was_picked(open_tab: OpenTab) -> None:
    tab = open_tab()
    button = tab.page.locator("[data-language=es]")
    button.evaluate("b => { b.dataset.language = 'xx'; }")
    tab.page.locator("[data-language=xx]").click()
    error = tab.page.locator("#picker-error")
    expect(error).to_be_visible()
    expect(error).not_to_have_text("")
    assert tab.announced() == [error.inner_text()]
    assert tab.serious_findings() == []


@pytest.mark.parametrize("language", ["en", "ar", "pl", "bn"])
def test_nothing_scrolls_sideways_at_320_pixels(open_tab: OpenTab, language: str) -> None:
    tab = open_tab(language=language, width=320, height=568)
    assert tab.fits_the_width()
    assert tab.serious_findings() == []
    tab.choose_language(language)
    tab.say("Donaudampfschifffahrtsgesellschaft" * 4)
    tab.say(EMERGENCY)
    assert tab.fits_the_width()
    assert _hidden_behind_bars(tab) == []


def test_demonstration_phone_is_accessible(open_tab: OpenTab) -> None:
    tab = open_tab("/chat/demo/phone", width=320)
    assert tab.serious_findings() == []
    assert tab.fits_the_width()


def test_start_page_is_accessible_on_a_phone_and_a_desk(open_tab: OpenTab) -> None:
    for width in (390, 1280):
        tab = open_tab(width=width)
        assert tab.serious_findings() == []


def _hidden_behind_bars(tab: Tab) -> list[str]:
    """What gets the focus and is covered by a bar all the same (WCAG 2.4.11)."""
    return list(
        tab.page.evaluate(
            """() => [...document.querySelectorAll(".waymark-chat button, #leave, #input")]
              .filter((control) => {
                control.focus();
                const {x, y, width, height} = control.getBoundingClientRect();
                const top = document.elementFromPoint(x + width / 2, y + height / 2);
                return document.activeElement === control && !control.contains(top);
              }).map((control) => control.textContent)"""
        )
    )
