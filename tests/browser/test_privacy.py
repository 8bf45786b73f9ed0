"""What may not stay on the screen: after leaving, and after the identity session."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.sql import Select

from bot.records.base import utc_now
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.records.session import transaction
from bot.settings import get_settings
from tests.browser.conftest import OpenTab
from tests.browser.tab import Tab

pytestmark = pytest.mark.slow
ARTHUR = ("9990005052", "30 December 1949")
FROM_THE_RECORD = "Your GP asked for this to be urgent."
HIDDEN = "Some answers were taken off this page because you were signed out."
WATCH_MS = 25_000
"""The server looks for ended sessions every 15 s."""
SLACK_MINUTES = 10
"""Each process starts WAYMARK_CLOCK anew: a restarted Rasa is behind the others by that much."""


def _signed_in(open_tab: OpenTab) -> Tab:
    tab = open_tab()
    tab.say("where is my referral?")
    assert FROM_THE_RECORD in tab.sign_in(*ARTHUR)
    return tab


def test_leaving_clears_the_page_and_back_shows_nothing(open_tab: OpenTab) -> None:
    tab = open_tab("/chat/demo/phone")
    tab.page.goto(tab.site.address + "/chat")
    tab.wait_until_connected()
    tab.say("hello from Zofia")
    tab.page.locator("#leave").click()
    expect(tab.page.locator("h1")).to_contain_text("You have left the chat.")
    assert tab.serious_findings() == []
    assert tab.page.context.cookies() == []
    tab.page.go_back()
    assert tab.page.url.endswith("/chat/demo/phone")
    assert "hello from Zofia" not in tab.page.content()
    tab.page.go_forward()
    assert "hello from Zofia" not in tab.page.content()
    tab.page.goto(tab.site.address + "/chat")
    tab.wait_until_connected()
    expect(tab.messages).to_have_count(0)
    expect(tab.page.locator("#picker")).to_be_visible()


def test_stop_takes_the_answers_from_the_record_off_the_page(open_tab: OpenTab) -> None:
    tab = _signed_in(open_tab)
    tab.write("stop")
    expect(tab.page.get_by_text(FROM_THE_RECORD)).to_have_count(0)
    expect(tab.page.locator(".waymark-notice")).to_have_text(HIDDEN)
    assert tab.announced().count(HIDDEN) == 1
    tab.page.reload()
    tab.wait_until_connected()
    expect(tab.messages.first).to_be_attached()
    assert FROM_THE_RECORD not in tab.page.content()


def test_answers_from_the_record_go_when_the_identity_session_ends(open_tab: OpenTab) -> None:
    tab = _signed_in(open_tab)
    _let_time_pass(get_settings().identity_minutes + SLACK_MINUTES)
    expect(tab.page.get_by_text(FROM_THE_RECORD)).to_have_count(0, timeout=WATCH_MS)
    expect(tab.page.locator(".waymark-notice")).to_have_text(HIDDEN)
    expect(tab.page.locator("#messages")).to_contain_text("where is my referral?")


def test_page_that_stays_offline_hides_the_answers_by_its_own_clock(open_tab: OpenTab) -> None:
    tab = _signed_in(open_tab)
    tab.outage_expected = True
    tab.page.context.set_offline(True)
    tab.page.clock.fast_forward((get_settings().identity_minutes - SLACK_MINUTES) * 60_000)
    expect(tab.page.get_by_text(FROM_THE_RECORD)).to_have_count(1)
    # A whole session more: what the server last said may have come late, after the first leap.
    tab.page.clock.fast_forward(get_settings().identity_minutes * 60_000)
    expect(tab.page.get_by_text(FROM_THE_RECORD)).to_have_count(0)
    expect(tab.page.locator(".waymark-notice")).to_have_text(HIDDEN)

    # At the server hardly a second has passed: what may still be shown comes back.
    tab.page.context.set_offline(False)
    expect(tab.page.get_by_text(FROM_THE_RECORD)).to_have_count(1, timeout=60_000)
    assert tab.numbers() == sorted(tab.numbers())


def test_session_data_tell_until_when_the_patient_is_verified(open_tab: OpenTab) -> None:
    tab = _signed_in(open_tab)
    session = tab.page.evaluate(
        "fetch('/chat/session', {method: 'POST'}).then((answer) => answer.json())"
    )
    with transaction() as database:
        seen = database.execute(_running().with_only_columns(IdentitySession.last_seen_at))
        until = seen.scalar_one() + timedelta(minutes=get_settings().identity_minutes)
    assert session["verified"] is True
    assert datetime.fromisoformat(session["verified_until"]) == until
    assert datetime.fromisoformat(session["now"]) < until


def _running() -> Select:
    """Arthur's newest running identity session."""
    return (
        select(IdentitySession)
        .join(Patient, Patient.id == IdentitySession.patient_id)
        .where(Patient.nhs_number == ARTHUR[0], IdentitySession.ended_at.is_(None))
        .order_by(IdentitySession.started_at.desc())
        .limit(1)
    )


def _let_time_pass(minutes: int) -> None:
    """Arthur's running identity session was last used so long ago."""
    with transaction() as database:
        running = database.execute(_running()).scalar_one()
        running.last_seen_at = utc_now() - timedelta(minutes=minutes)
