"""From the first message to the answer from the record, in Polish and in Arabic."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenTab

pytestmark = pytest.mark.slow


def test_polish_patient_writes_at_once_and_hears_where_the_referral_is(open_tab: OpenTab) -> None:
    tab = open_tab()  # an English browser: the language is known by the first message
    asked = tab.say("gdzie jest moje skierowanie?")
    assert "numer NHS" in asked
    expect(tab.page.locator("html")).to_have_attribute("lang", "pl")
    expect(tab.page.locator("#leave")).to_have_text("Opuść tę stronę")
    told = tab.sign_in("9990001014", "3 maja 1961")
    assert "King's College Hospital" in told
    assert "11 maja 2026" in told
    expect(tab.bot_messages.last).to_have_attribute("lang", "pl")
    assert tab.fits_the_width()
    assert tab.serious_findings() == []
    tab.picture("status-pl")


def test_what_was_typed_to_sign_in_does_not_stay_on_the_screen(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.say("where is my referral?")
    tab.sign_in("9990005052", "30 December 1949")
    shown = tab.page.locator("#messages").inner_text()
    own = tab.page.locator(".waymark-message--patient .waymark-message__text")
    assert "9990005052" not in shown
    assert own.nth(1).inner_text().split("\n")[0].startswith("•••")
    assert "Hidden to keep your details private" in (own.nth(1).text_content() or "")


def test_arabic_patient_picks_the_language_and_reads_from_right_to_left(open_tab: OpenTab) -> None:
    tab = open_tab()
    expect(tab.page.locator("[data-language=ar]")).to_have_text("العربية")
    tab.choose_language("ar")
    expect(tab.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(tab.page.locator("#picker")).to_be_hidden()
    asked = tab.say("أين وصلت إحالتي؟")
    assert "NHS" in asked
    tab.sign_in("9990002029", "19/11/1974")
    before = tab.bot_messages.count()
    tab.replies.first.click()
    told = tab.answer_after(before)
    # The quick reply begins with a Latin name and is an Arabic sentence all the same.
    picked = tab.page.locator(".waymark-message--patient .waymark-message__text p").last
    assert picked.evaluate("p => getComputedStyle(p).direction") == "rtl"
    assert "\u2068Guy's and St Thomas' Hospital\u2069" in told
    expect(tab.bot_messages.last).to_have_attribute("dir", "rtl")
    assert tab.fits_the_width()
    assert tab.serious_findings() == []

    own = tab.page.locator(".waymark-message--patient .waymark-message__text").last.bounding_box()
    bot = tab.bot_messages.last.locator(".waymark-message__text").bounding_box()
    leave = tab.page.locator("#leave").bounding_box()
    language = tab.page.locator("#language").bounding_box()
    assert own and bot and leave and language
    margin = 16
    assert round(own["x"]) == margin
    assert round(bot["x"] + bot["width"]) == 390 - margin
    assert leave["x"] < language["x"]
    # The words themselves stand at the right edge of their bubble, inside its padding.
    right_edge = tab.bot_messages.last.locator(".waymark-message__text p").first.evaluate(
        "p => { const r = document.createRange(); r.selectNodeContents(p);"
        " return r.getBoundingClientRect().right; }"
    )
    assert 0 < bot["x"] + bot["width"] - right_edge < 20
    # A phone number keeps its order inside Arabic text.
    assert tab.bot_messages.last.locator("a[href^='tel:']").first.get_attribute("dir") == "ltr"
    tab.picture("status-ar")


def test_demonstration_code_is_one_press_away(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.say("where is my referral?")
    tab.say("9990005052")
    tab.say("30 December 1949")
    link = tab.page.get_by_role("link", name="/chat/demo/phone")
    with tab.page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("[data-code]").first).to_have_text(tab.code())
