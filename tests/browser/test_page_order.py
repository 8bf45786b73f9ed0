"""Order on the patient's page: messages late, lost, repeated and changed in place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.page_server import (
    NOON,
    QUEUE,
    TRANSLATED,
    PageServer,
    queue_line,
    stop_clock,
)
from tests.browser.tab import Tab

pytestmark = pytest.mark.slow
LONG = "\n\n".join(["A paragraph that takes its room on a phone."] * 8)
GAP_MS = 600
"""A little more than the page waits before it asks for a number that is missing."""


def _text(tab: Tab, seq: int) -> str:
    return tab.page.locator(f"[data-seq='{seq}'] .waymark-message__text").inner_text()


def _news(tab: Tab) -> list[str]:
    """What was announced, but for the connection's state."""
    lost = tab.site.session["strings"]["page_reconnecting"]
    return [text for text in tab.announced() if text != lost]


def _asked_after_a_while(server: PageServer, tab: Tab) -> list[int]:
    """What the page has asked the history for, when it has had time to ask again and again."""
    for _ in range(5):
        tab.page.clock.run_for(GAP_MS)
        tab.page.wait_for_timeout(100)  # the answer comes over a real line
    return server.asked


# ---- changed in place ----


def test_rewritten_message_stays_where_it_is_and_disturbs_nobody(open_page: OpenPage) -> None:
    server, tab = open_page(before=queue_line)
    tab.page.locator(".waymark-replies button").first.focus()
    top = tab.page.evaluate("window.scrollY")
    server.say(2, QUEUE.format(2), revision=1)
    expect(tab.messages.nth(1)).to_contain_text(QUEUE.format(2))
    assert tab.numbers() == [1, 2, 3]
    assert tab.announced() == []
    assert tab.page.evaluate("window.scrollY") == top
    expect(tab.page.locator(".waymark-replies button").first).to_be_focused()
    expect(tab.page.locator("#news")).to_be_hidden()


def test_rewritten_last_message_is_announced(open_page: OpenPage) -> None:
    server, tab = open_page()
    server.say(1, QUEUE.format(3))
    server.say(1, QUEUE.format(2), revision=1)
    expect(tab.messages).to_contain_text([QUEUE.format(2)])
    assert tab.announced() == [f"Assistant: {QUEUE.format(place)}" for place in (3, 2)]


def test_revision_that_was_overtaken_changes_nothing(open_page: OpenPage) -> None:
    server, tab = open_page(before=queue_line)
    server.say(2, QUEUE.format(1), revision=2)
    server.say(2, QUEUE.format(2), revision=1)
    server.say(2, QUEUE.format(3))
    server.say(4, "That was all.")
    expect(tab.messages).to_have_count(4)
    assert _text(tab, 2) == QUEUE.format(1)


def test_page_that_was_away_learns_what_was_rewritten(open_page: OpenPage) -> None:
    server, tab = open_page(before=queue_line)
    tab.outage_expected = True
    server.message(2, QUEUE.format(1), revision=2)
    server.rewritten.add(2)
    server.break_connection()
    expect(tab.messages.nth(1)).to_contain_text(QUEUE.format(1))
    assert tab.numbers() == [1, 2, 3]
    assert server.asked == [0, 3]
    assert _news(tab) == []


def test_original_that_was_unfolded_stays_so_when_the_message_is_rewritten(
    open_page: OpenPage,
) -> None:
    server, tab = open_page("pl")
    server.say(1, "Jeden", "coordinator", **TRANSLATED)
    tab.page.locator("summary").click()
    server.say(1, "Dwa", "coordinator", **TRANSLATED, revision=1)
    expect(tab.messages).to_contain_text(["Dwa"])
    expect(tab.page.locator("details")).to_have_attribute("open", "")
    expect(tab.page.locator("summary")).to_be_focused()


# ---- order, repeats, gaps ----


def test_message_that_comes_late_takes_its_place_by_number(open_page: OpenPage) -> None:
    server, tab = open_page()
    stop_clock(tab.page)
    first, second = server.message(1, "first"), server.message(2, "second")
    third = server.message(3, "third")
    for late in (third, first, second, third, first):
        server.tell("message", late)
    expect(tab.messages).to_have_count(3)
    assert tab.texts() == ["first", "second", "third"]
    assert len(tab.announced()) == 3
    assert _asked_after_a_while(server, tab) == [0]  # nothing is missing: nothing to ask for


def test_missing_message_is_fetched_once_and_announced(open_page: OpenPage) -> None:
    server, tab = open_page()
    server.say(1, "first")
    server.message(2, "the one that was lost")
    server.say(3, "third")
    expect(tab.messages).to_have_count(3)
    assert tab.texts() == ["first", "the one that was lost", "third"]
    assert server.asked == [0, 1]
    assert "Assistant: the one that was lost" in tab.announced()


def test_numbers_of_messages_that_the_page_must_not_see_are_asked_for_once(
    open_page: OpenPage,
) -> None:
    server, tab = open_page()
    stop_clock(tab.page)
    server.say(4, "after three hidden ones")
    expect(tab.messages).to_have_count(1)
    assert server.asked == [0]
    assert _asked_after_a_while(server, tab) == [0, 0]
    server.say(5, "next")
    server.say(8, "after two more hidden ones")
    expect(tab.messages).to_have_count(3)
    assert _asked_after_a_while(server, tab) == [0, 0, 5]


def test_connection_lost_with_a_message_missing_loses_nothing(open_page: OpenPage) -> None:
    server, tab = open_page()
    tab.outage_expected = True
    stop_clock(tab.page)
    server.say(1, "first")
    server.message(2, "the one that was lost")
    server.say(3, "third")
    expect(tab.messages).to_have_count(2)
    server.break_connection()
    expect(tab.page.locator("#status")).to_be_visible()
    tab.page.clock.resume()
    expect(tab.messages).to_have_count(3)
    assert tab.texts() == ["first", "the one that was lost", "third"]
    assert server.asked == [0, 1]


def test_what_came_while_away_is_announced_but_not_what_was_there_before(
    open_page: OpenPage,
) -> None:
    server, tab = open_page(before=queue_line)
    tab.outage_expected = True
    server.message(4, "Hello Zofia", "coordinator")
    server.break_connection()
    expect(tab.messages).to_have_count(4)
    assert _news(tab) == ["Amara, care coordinator: Hello Zofia"]


def test_answer_hidden_by_the_page_s_own_clock_comes_back_quietly_from_the_server(
    open_page: OpenPage,
) -> None:
    def signed_in(server: PageServer) -> None:
        until = (NOON + timedelta(minutes=15)).isoformat()
        server.session.update(verified=True, now=NOON.isoformat(), verified_until=until)
        server.message(1, "Where is my referral?", "patient", id="one", dir="auto")
        server.message(2, "Your referral is at King's.", private=True)

    server, tab = open_page(before=signed_in)
    tab.outage_expected = True
    tab.page.clock.fast_forward(16 * 60_000)
    expect(tab.page.locator(".waymark-notice")).to_be_visible()
    expect(tab.messages).to_have_count(2)
    assert tab.texts() == ["Where is my referral?", "Your referral is at King's."]
    assert set(server.asked) == {0}
    assert _news(tab) == [server.session["strings"]["page_hidden"]]


def test_own_message_is_shown_once_although_two_answers_and_an_echo_come(
    open_page: OpenPage,
) -> None:
    server, tab = open_page()
    tab.write("Thank you")
    own = tab.page.locator(".waymark-message--patient")
    expect(own).to_have_attribute("data-seq", "1")
    for _ in range(2):
        server.tell("message", server.messages[1])
    server.say(2, "You are welcome", "coordinator")
    expect(tab.messages).to_have_count(2)
    expect(own).to_have_count(1)
    stop_clock(tab.page)
    assert _asked_after_a_while(server, tab) == [0]


def test_patient_who_reads_further_up_is_not_moved(open_page: OpenPage) -> None:
    server, tab = open_page(before=lambda made: made.message(1, LONG))
    tab.page.evaluate("window.scrollTo(0, 0)")
    server.say(2, "Hello", "coordinator")
    expect(tab.page.locator("#news")).to_be_visible()
    assert tab.page.evaluate("window.scrollY") == 0
