"""The connection breaks, a second tab is open: nothing is lost, nothing comes twice."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from bot.records.chat_models import Message
from bot.records.session import transaction
from tests.browser.conftest import OpenTab
from tests.site.running import Site

pytestmark = pytest.mark.slow
RESTART_MS = 90_000


def test_page_reconnects_by_itself_with_a_whole_history_and_sends_what_waited_once(
    open_tab: OpenTab, site: Site
) -> None:
    tab = open_tab()
    tab.outage_expected = True
    tab.say("hello")
    tab.say("what can you do?")
    before, numbers, said = tab.texts(), tab.numbers(), tab.announced()

    site.kill("rasa")
    status = tab.page.locator("#status")
    expect(status).to_have_text("The connection is lost. We are trying to connect you again.")
    tab.write("thank you, written while away")
    expect(tab.messages.last).to_contain_text("This message is not sent yet.")
    expect(status).to_be_hidden(timeout=RESTART_MS)
    expect(tab.bot_messages.nth(len(said))).to_be_attached(timeout=RESTART_MS)
    site.wait_until_ready()

    assert tab.texts()[: len(before)] == before
    assert tab.numbers()[: len(numbers)] == numbers
    assert tab.numbers() == list(range(1, len(tab.numbers()) + 1))
    assert tab.page.get_by_text("thank you, written while away").count() == 1
    with transaction() as session:
        stored = session.execute(
            select(func.count()).where(Message.text == "thank you, written while away")
        ).scalar_one()
    assert stored == 1
    news = [text for text in tab.announced()[len(said) :] if text.startswith("Assistant:")]
    assert len(news) == tab.bot_messages.count() - len(said)


def test_page_that_is_loaded_again_shows_the_history_and_announces_nothing(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    tab.say("hello")
    before = tab.texts()
    tab.page.reload()
    tab.wait_until_connected()
    expect(tab.messages).to_have_count(len(before))
    assert tab.texts() == before
    assert tab.announced() == []


def test_two_tabs_show_the_same_conversation_and_leave_together(open_tab: OpenTab) -> None:
    first = open_tab(height=560)
    first.say("hello")
    first.say("what can you do?")
    second = open_tab(beside=first)
    expect(second.messages).to_have_count(first.messages.count())

    first.page.evaluate("window.scrollTo(0, 0)")
    second.say("how do you use my data?")
    expect(first.messages).to_have_count(second.messages.count())
    assert first.texts() == second.texts()
    assert first.numbers() == second.numbers()

    # The first tab was reading further up: it isn't moved, but says that something came.
    news = first.page.get_by_role("button", name="New message")
    assert first.page.evaluate("window.scrollY") == 0
    expect(news).to_be_visible()
    assert first.serious_findings() == []
    first.page.bring_to_front()
    news.click()
    expect(news).to_be_hidden()
    expect(first.bot_messages.last).to_be_in_viewport()

    second.page.locator("#leave").click()
    for tab in (first, second):
        expect(tab.page.locator("h1")).to_have_text(
            "You have left the chat. Your messages are no longer on this screen."
        )
