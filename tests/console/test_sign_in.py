"""Signing in and out: who gets in, who waits, and when a session is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from sqlalchemy import func, select, update
from starlette.responses import Response

from bot.console.security import COOKIE
from bot.records.base import utc_now
from bot.records.chat_models import AuditEntry
from bot.records.staff_models import SignInAttempt, Staff, StaffSession
from bot.services.keys import keyed_hash
from bot.services.passwords import hash_password, password_matches
from bot.services.staff import deactivate, set_password
from bot.services.staff_sessions import begin_sign_in, finish_sign_in, session_id_of
from bot.services.staff_teams import leave_teams
from bot.settings import get_settings
from tests.console.conftest import HOST, PASSWORD, Browser, Console

WRONG = "The e-mail address or the password is wrong."
WAIT = "Too many wrong passwords. Wait"
EMAIL = "amara@example.org"


@pytest.fixture
def amara(console: Console) -> Staff:
    return console.staff("amara", teams=["Front desk"])


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(datetime.now().astimezone(), tick=False) as traveller:
        yield traveller


def sign_in(
    browser: Browser, email: str = EMAIL, password: str = PASSWORD, **form: str
) -> Response:
    return browser.post("/sign-in", data={"email": email, "password": password, **form})


def is_in(browser: Browser) -> bool:
    return browser.get("/navigation").status_code == 200


def actions_of(console: Console) -> list[str]:
    with console.transaction() as session:
        rows = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [row.action for row in rows if row.action.startswith(("sign", "staff", "password"))]


# ---- getting in ----


def test_right_password_leads_to_where_the_person_wanted(console: Console, amara: Staff) -> None:
    browser = console.client()
    answer = sign_in(browser, next="/issues?state=new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/issues?state=new")
    assert is_in(browser)
    assert actions_of(console)[-1] == "signed_in"


def test_e_mail_may_be_typed_with_capitals_and_spaces(console: Console, amara: Staff) -> None:
    browser = console.client()
    sign_in(browser, " Amara@Example.ORG ")
    assert is_in(browser)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "/sign-in",
        "/a\nb",
        "/é",
    ],
)
def test_sign_in_never_leads_to_another_site(console: Console, amara: Staff, target: str) -> None:
    assert sign_in(console.client(), next=target).headers["location"] == "/"
    shown = console.client().get("/sign-in", params={"next": target}).text
    assert 'name="next" value="/"' in shown


def test_cookie_is_for_this_site_and_the_server_alone(console: Console, amara: Staff) -> None:
    cookie = sign_in(console.client()).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # the console is reached by http here


def test_cookie_is_secure_where_the_console_is_reached_by_https(
    console: Console, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYMARK_CONSOLE_URL", "https://console.example")
    get_settings.cache_clear()
    assert "Secure" in sign_in(console.client()).headers["set-cookie"]


def test_database_holds_the_tokens_hash_only(console: Console, amara: Staff) -> None:
    browser = console.client()
    sign_in(browser)
    token = browser.cookies[COOKIE]
    with console.transaction() as session:
        (row,) = session.execute(select(StaffSession)).scalars()
        assert row.id == session_id_of(token) != token


def test_each_sign_in_makes_a_new_session_and_ends_the_browsers_old_one(
    console: Console, amara: Staff
) -> None:
    browser = console.client()
    sign_in(browser)
    first = browser.cookies[COOKIE]
    sign_in(browser)
    second = browser.cookies[COOKIE]
    assert first != second
    assert is_in(browser)
    browser.cookies.clear()
    browser.cookies.set(COOKIE, first, domain=HOST)
    assert not is_in(browser)


def test_a_session_that_somebody_else_put_into_the_browser_is_not_taken_over(
    console: Console, amara: Staff
) -> None:
    browser = console.client()
    browser.cookies.set(COOKIE, "chosen-by-an-attacker", domain=HOST)
    sign_in(browser)
    stranger = console.client()
    stranger.cookies.set(COOKIE, "chosen-by-an-attacker", domain=HOST)
    assert not is_in(stranger)


# ---- not getting in ----


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong horse battery"), ("nobody@example.org", PASSWORD), ("x" * 5000, "y" * 5000)],
    ids=["wrong password", "no such account", "absurd"],
)
def test_wrong_e_mail_and_wrong_password_get_the_same_words(
    console: Console, amara: Staff, email: str, password: str
) -> None:
    answer = sign_in(console.client(), email, password)
    assert answer.status_code == 403
    assert WRONG in answer.text
    assert password not in answer.text
    assert actions_of(console)[-1] == "sign_in_refused"


def test_deactivated_account_gets_the_same_words(console: Console, amara: Staff) -> None:
    with console.transaction() as session:
        deactivate(session, session.get(Staff, amara.id), utc_now())
    answer = sign_in(console.client())
    assert (answer.status_code, WRONG in answer.text) == (403, True)


def test_unknown_account_takes_as_much_work() -> None:
    def work(password_hash: str | None) -> float:
        began = time.process_time()  # of all threads, whatever else the machine does
        assert not password_matches(password_hash, "wrong horse battery")
        return time.process_time() - began

    known = hash_password(PASSWORD)
    work(None)  # the stand-in's hash is made on first use
    assert min(work(None) for _ in range(3)) > 0.5 * min(work(known) for _ in range(3))
    assert not password_matches(None, "the password of no account")


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_counted(
    console: Console, amara: Staff
) -> None:
    answer = sign_in(console.client(), "amara@example.org", "")
    assert answer.status_code == 422
    assert "Enter your password" in answer.text
    assert 'value="amara@example.org"' in answer.text
    with console.transaction() as session:
        assert session.execute(select(func.count(SignInAttempt.id))).scalar_one() == 0


# ---- tries ----


def test_twenty_wrong_passwords_slow_down_and_do_not_lock_out(
    console: Console, amara: Staff, clock: time_machine.Traveller
) -> None:
    browser = console.client()
    told = [sign_in(browser, password="wrong horse battery") for _ in range(20)]
    tries = get_settings().sign_in_tries
    assert [answer.status_code for answer in told] == [403] * tries + [429] * (20 - tries)
    assert f"{WAIT} 15 minutes" in told[-1].text
    right = sign_in(browser)  # refused too: else it would tell a guesser
    assert (right.status_code, f"{WAIT} 15 minutes" in right.text) == (429, True)
    clock.shift(timedelta(minutes=14, seconds=1))
    assert f"{WAIT} 1 minute," in sign_in(browser).text
    clock.shift(timedelta(minutes=1))
    assert sign_in(browser).status_code == 303
    assert is_in(browser)


def test_unknown_e_mail_is_slowed_down_alike(console: Console, amara: Staff) -> None:
    tries = get_settings().sign_in_tries
    statuses = [sign_in(console.client(), "no@example.org").status_code for _ in range(tries + 1)]
    assert statuses == [403] * tries + [429]


def test_tries_at_one_account_do_not_slow_down_a_colleague(console: Console, amara: Staff) -> None:
    console.staff("ben")
    for _ in range(get_settings().sign_in_tries + 1):
        sign_in(console.client(), password="wrong horse battery")
    assert sign_in(console.client(), "ben@example.org").status_code == 303


def test_one_address_that_tries_many_accounts_waits(console: Console, amara: Staff) -> None:
    allowed = get_settings().sign_in_tries * 10
    with console.transaction() as session:
        for number in range(allowed):
            assert begin_sign_in(session, f"{number}@x.org", "192.0.2.1", utc_now()).attempt_id
        assert begin_sign_in(session, EMAIL, "192.0.2.1", utc_now()).minutes_to_wait == 15
        assert begin_sign_in(session, EMAIL, "192.0.2.2", utc_now()).minutes_to_wait == 0


def test_twenty_tries_at_the_same_moment_get_no_more_than_the_allowed(
    console: Console, amara: Staff
) -> None:
    verified = []

    def attempt() -> None:
        with console.transaction() as session:
            tried = begin_sign_in(session, EMAIL, "192.0.2.1", utc_now())
        if not tried.minutes_to_wait:
            verified.append(tried)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verified) == get_settings().sign_in_tries


def test_right_tries_do_not_count(console: Console, amara: Staff) -> None:
    for _ in range(get_settings().sign_in_tries + 3):
        assert sign_in(console.client()).status_code == 303


def test_password_changed_while_it_was_verified_lets_nobody_in(
    console: Console, amara: Staff
) -> None:
    with console.transaction() as session:
        tried = begin_sign_in(session, EMAIL, None, utc_now())
        set_password(session, session.get(Staff, amara.id), "another long password", utc_now())
        assert finish_sign_in(session, tried, PASSWORD, utc_now(), ended=None) is None


def test_hash_of_a_cheaper_time_is_made_anew(console: Console, amara: Staff) -> None:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with console.transaction() as session:
        session.execute(update(Staff).values(password_hash=cheap))
    sign_in(console.client())
    with console.transaction() as session:
        kept = session.get(Staff, amara.id).password_hash
    assert kept != cheap
    assert password_matches(kept, PASSWORD)


# ---- getting out ----


def test_sign_out_ends_the_session_at_once_and_for_other_tabs_too(
    console: Console, amara: Staff
) -> None:
    browser = console.client(amara)
    token = browser.cookies[COOKIE]
    answer = browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?left=1"
    assert COOKIE not in browser.cookies
    other_tab = console.client()
    other_tab.cookies.set(COOKIE, token, domain=HOST)
    assert not is_in(other_tab)
    assert actions_of(console)[-1] == "signed_out"


def test_sign_out_by_a_link_does_nothing(console: Console, amara: Staff) -> None:
    browser = console.client(amara)
    assert browser.get("/sign-out").status_code == 405
    assert is_in(browser)


def test_session_ends_after_the_idle_time(
    console: Console, amara: Staff, clock: time_machine.Traveller
) -> None:
    browser = console.client(amara)
    clock.shift(timedelta(minutes=get_settings().staff_idle_minutes, seconds=-1))
    assert is_in(browser)  # and begins the idle time anew
    clock.shift(timedelta(minutes=get_settings().staff_idle_minutes, seconds=-1))
    assert is_in(browser)
    clock.shift(timedelta(minutes=get_settings().staff_idle_minutes))
    assert not is_in(browser)


def test_what_the_page_asks_by_itself_keeps_no_session_alive(
    console: Console, amara: Staff, clock: time_machine.Traveller
) -> None:
    browser = console.client(amara)
    for _ in range(get_settings().staff_idle_minutes):
        assert browser.get("/navigation", background=True).status_code == 200
        clock.shift(timedelta(minutes=1))
    assert browser.get("/navigation", background=True).status_code == 401


def test_session_ends_after_its_whole_time_however_busy(
    console: Console, amara: Staff, clock: time_machine.Traveller
) -> None:
    browser = console.client(amara)
    for _ in range(get_settings().staff_session_hours * 3 - 1):
        clock.shift(timedelta(minutes=20))
        assert is_in(browser)
    clock.shift(timedelta(minutes=20))
    assert not is_in(browser)


@pytest.mark.parametrize("change", ["deactivated", "password", "team"])
def test_who_may_no_longer_what_they_might_is_out_at_once(
    console: Console, amara: Staff, change: str
) -> None:
    browser = console.client(amara)
    assert is_in(browser)
    with console.transaction() as session:
        staff = session.get(Staff, amara.id)
        if change == "deactivated":
            deactivate(session, staff, utc_now())
        elif change == "password":
            set_password(session, staff, "another long password", utc_now())
        else:
            leave_teams(session, staff, ["Front desk"], utc_now())
    assert not is_in(browser)


# ---- coming back ----


def test_page_without_a_session_leads_to_sign_in_and_back(console: Console) -> None:
    answer = console.client().get("/issues?state=new&page=2")
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert (target.path, parse_qs(target.query)) == (
        "/sign-in",
        {"next": ["/issues?state=new&page=2"]},
    )


def test_fragment_without_a_session_is_refused_without_leaving_the_page(console: Console) -> None:
    answer = console.client().get("/queue/waiting/rows", htmx=True)
    assert (answer.status_code, answer.text) == (401, "")
    assert "hx-redirect" not in answer.headers


def test_form_without_a_session_leads_back_to_the_page_it_was_on(console: Console) -> None:
    answer = console.client().post(
        "/handoffs/7/resolve", headers={"Referer": "http://testserver/handoffs/7"}
    )
    assert answer.headers["location"] == "/sign-in?next=/handoffs/7"


def test_page_that_led_here_from_another_site_is_not_gone_back_to(console: Console) -> None:
    answer = console.client().post(
        "/handoffs/7/resolve", headers={"Referer": "https://evil.example//evil"}
    )
    assert answer.headers["location"] == "/sign-in"


def test_who_is_signed_in_already_goes_straight_on(console: Console, amara: Staff) -> None:
    answer = console.client(amara).get("/sign-in?next=/issues")
    assert (answer.status_code, answer.headers["location"]) == (303, "/issues")


# ---- whose address ----


@pytest.mark.parametrize("proxies", ["", "192.0.2.0/24"])
def test_a_forged_header_does_not_change_whose_tries_are_counted(
    console: Console, amara: Staff, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("WAYMARK_TRUSTED_PROXIES", proxies)
    get_settings.cache_clear()
    browser = console.client()
    browser.headers["X-Forwarded-For"] = "203.0.113.9"
    sign_in(browser, password="wrong horse battery")
    get_settings.cache_clear()
    with console.transaction() as session:
        kept = session.execute(select(SignInAttempt.address_hash)).scalars().all()
    assert kept == [keyed_hash("address", "testclient")]
