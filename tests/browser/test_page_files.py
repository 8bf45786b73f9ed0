"""The link to a file that goes with a message: named, reachable, in the page's language."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.site.sentences import sentence

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_messages_file_is_an_ordinary_link(open_page: OpenPage, language: str) -> None:
    server, tab = open_page(language=language)
    server.say(1, sentence("utter_calendar_file", language), file="/chat/files/1")
    link = tab.page.get_by_role("link", name=sentence("page_calendar_file", language))
    expect(link).to_have_attribute("href", "/chat/files/1")
    expect(link).to_have_attribute("download", "appointment.ics")
    link.focus()
    expect(link).to_be_focused()
    assert tab.serious_findings() == []


def test_a_message_without_a_file_has_no_link(open_page: OpenPage) -> None:
    server, tab = open_page()
    server.say(1, "Hello.")
    expect(tab.messages).to_have_count(1)
    expect(tab.messages.first.get_by_role("link")).to_have_count(0)
