"""The door: other sites' forms, odd bodies, headers, and what an error tells."""

from __future__ import annotations

import logging

import pytest
from itsdangerous import URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.console import app as application
from bot.console import queue
from bot.console.door import LARGEST_BODY_BYTES
from bot.console.security import COOKIE, CSRF_COOKIE, form_of
from bot.errors import AlreadyClaimed, NotFound, Refused
from bot.records.staff_models import Staff
from bot.services.keys import keyed_hash
from bot.settings import get_settings
from tests.console.conftest import HOST, PASSWORD, Browser, Console

OUT_OF_DATE = "It was not sent from an open page of this console."
SIGN_IN = {"email": "amara@example.org", "password": PASSWORD}


@pytest.fixture
def amara(console: Console) -> Staff:
    return console.staff("amara", teams=["Front desk"])


def is_in(browser: Browser) -> bool:
    return browser.get("/navigation").status_code == 200


# ---- forms of other sites ----


def test_form_without_its_token_is_refused_with_a_clear_page(
    console: Console, amara: Staff
) -> None:
    browser = console.client(amara)
    answer = browser.post("/sign-out", headers={"X-CSRFToken": ""})
    assert (answer.status_code, OUT_OF_DATE in answer.text) == (403, True)
    assert is_in(browser)


def test_form_with_the_token_in_a_field_is_taken(console: Console, amara: Staff) -> None:
    browser = console.client(amara)
    token = browser.cookies[CSRF_COOKIE]
    answer = browser.post("/sign-out", headers={"X-CSRFToken": ""}, data={"csrftoken": token})
    assert answer.status_code == 303
    assert not is_in(browser)


def test_another_browsers_token_is_refused(console: Console, amara: Staff) -> None:
    browser, other = console.client(amara), console.client(amara)
    token = other.cookies[CSRF_COOKIE]
    assert browser.post("/sign-out", headers={"X-CSRFToken": token}).status_code == 403


def test_token_that_we_did_not_sign_is_refused_even_when_cookie_and_field_agree(
    console: Console, amara: Staff
) -> None:
    browser = console.client(amara)
    del browser.cookies[CSRF_COOKIE]
    browser.cookies.set(CSRF_COOKIE, "set-by-a-neighbour-site", domain=HOST)
    answer = browser.post("/sign-out", headers={"X-CSRFToken": "set-by-a-neighbour-site"})
    assert answer.status_code == 403
    assert is_in(browser)


def test_tokens_are_signed_with_a_key_of_this_site(console: Console, amara: Staff) -> None:
    token = console.client(amara).cookies[CSRF_COOKIE]
    key = keyed_hash("csrf", "console")
    assert URLSafeSerializer(key).loads(token, "csrftoken")  # raises when another key has signed it


def test_sign_in_needs_a_token_too(console: Console, amara: Staff) -> None:
    """Else another site could sign its visitor in as somebody else."""
    browser = TestClient(console.app, follow_redirects=False)
    answer = browser.post("/sign-in", data=SIGN_IN)
    assert (answer.status_code, COOKIE in browser.cookies) == (403, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_form_of_another_site_is_refused_even_with_a_right_token(
    console: Console, amara: Staff, headers: dict[str, str]
) -> None:
    browser = console.client(amara)
    answer = browser.post("/sign-out", headers=headers)
    assert (answer.status_code, OUT_OF_DATE in answer.text) == (403, True)
    assert is_in(browser)


def test_own_origin_is_taken_as_the_browser_and_as_a_proxy_see_it(
    console: Console, amara: Staff
) -> None:
    for origin in ("http://testserver", get_settings().console_url):
        answer = console.client(amara).post("/sign-out", headers={"Origin": origin})
        assert answer.status_code == 303, origin


def test_refusal_of_an_htmx_request_is_one_sentence(console: Console, amara: Staff) -> None:
    answer = console.client(amara).post("/sign-out", htmx=True, headers={"X-CSRFToken": "x"})
    assert answer.status_code == 403
    assert answer.text.startswith("<p>")
    assert "<html" not in answer.text


# ---- odd bodies ----


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"text=" + b"a" * LARGEST_BODY_BYTES, 413),
        ("application/x-www-form-urlencoded", b"text=%ff%fe", 400),
        ("application/x-www-form-urlencoded", b"text=\xff", 400),
        ("application/x-www-form-urlencoded", b"text=a%00b", 400),
        ("application/x-www-form-urlencoded", b"csrftoken=%C3%A9", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(500)), 400),
        ("multipart/form-data", b"--x", 415),
        ("application/json", b"{}", 415),
        ("", b"text=a", 415),
    ],
)
def test_body_that_no_form_of_ours_sends_is_refused(
    console: Console, amara: Staff, kind: str, body: bytes, status: int
) -> None:
    browser = console.client(amara)
    answer = browser.post("/sign-out", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert is_in(browser)


# ---- headers ----


def test_every_answer_carries_the_strict_headers(console: Console, amara: Staff) -> None:
    browser = console.client(amara)
    answers = [
        browser.get("/"),
        browser.get("/sign-in"),
        browser.get("/navigation"),
        browser.get("/nowhere"),
        browser.get("/health"),
        browser.get("/static/console.css"),
        browser.post("/sign-out", headers={"X-CSRFToken": "wrong"}),
        browser.post("/sign-out", headers={"Origin": "https://evil.example"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        for directive in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
            assert directive in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]


def test_pages_are_kept_nowhere_and_assets_by_their_version(console: Console, amara: Staff) -> None:
    browser = console.client(amara)
    page = browser.get("/nowhere")
    assert page.headers["cache-control"] == "no-store"
    address = page.text.split('<link rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in browser.get(address).headers["cache-control"]
    assert browser.get(address.split("?")[0]).headers["cache-control"] == "no-cache"
    assert browser.get("/static/../app.py").status_code == 404


def test_pages_hold_nothing_inline_that_the_policy_would_forbid(
    console: Console, amara: Staff
) -> None:
    for browser, path in ((console.client(), "/sign-in"), (console.client(amara), "/nowhere")):
        text = browser.get(path).text
        assert "<style" not in text
        assert " style=" not in text
        assert all("src=" in script for script in text.split("<script")[1:])


# ---- what is open to all, and what errors tell ----


def test_health_is_open_and_says_whether_the_database_answers(console: Console) -> None:
    assert console.client().get("/health").status_code == 204


def test_health_fails_when_the_database_is_gone(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql+psycopg2://nobody@127.0.0.1:1/none"
    browser = TestClient(console.app)
    monkeypatch.setenv("WAYMARK_DATABASE_URL", nowhere)
    get_settings.cache_clear()
    answer = browser.get("/health")
    assert answer.status_code == 503
    assert "doesn't answer" in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize(
    "path", ["/", "/queue/waiting", "/handoffs/1", "/issues", "/figures", "/navigation", "/stay"]
)
def test_nothing_else_is_told_to_who_is_not_signed_in(console: Console, path: str) -> None:
    answer = TestClient(console.app, follow_redirects=False).get(path)
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.text == ""


SECRET = "Zofia says that her knee hurts"


@pytest.fixture
def faulty(console: Console, monkeypatch: pytest.MonkeyPatch, amara: Staff) -> Browser:
    """A browser at a console with pages that fail."""
    faults = {
        "fault": RuntimeError(SECRET),
        "not-found": NotFound(SECRET),
        "refused": Refused("You may not do this. Ask your supervisor."),
        "claimed": AlreadyClaimed("Ben has it. Choose another.", "Ben"),
    }

    def fail(request: Request) -> Response:
        raise faults[request.path_params["kind"]]

    def echo(request: Request) -> Response:
        return Response(str(form_of(request).multi_items()))

    routes = [Route("/fail/{kind}", fail), Route("/echo", echo, methods=["POST"])]
    monkeypatch.setattr(queue, "routes", [*queue.routes, *routes])
    console.app = application.create_app()
    return console.client(amara)


def test_unexpected_fault_is_a_page_and_a_log_line_without_its_words(
    faulty: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = faulty.get("/fail/fault?q=Wzorek")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert SECRET not in answer.text
    assert "RuntimeError" in caplog.text
    assert "GET /fail/fault" in caplog.text
    assert SECRET not in caplog.text
    assert "Wzorek" not in caplog.text


def test_missing_and_forbidden_look_alike(faulty: Browser) -> None:
    forbidden, missing = faulty.get("/fail/not-found"), faulty.get("/nowhere")
    assert (forbidden.status_code, missing.status_code) == (404, 404)
    main = [answer.text.split("<main")[1] for answer in (forbidden, missing)]
    assert main[0] == main[1]


def test_own_errors_say_their_sentence(faulty: Browser) -> None:
    refused, claimed = faulty.get("/fail/refused", htmx=True), faulty.get("/fail/claimed")
    assert (refused.status_code, refused.text) == (
        403,
        "<p>You may not do this. Ask your supervisor.</p>",
    )
    assert (claimed.status_code, "Ben has it. Choose another." in claimed.text) == (409, True)


def test_form_is_read_once_and_given_to_plain_handlers(faulty: Browser) -> None:
    data = {"text": "one\r\ntwo", "list": ["a", "b"], "empty": ""}
    told = faulty.post("/echo", data=data).text
    assert told == str([("text", "one\ntwo"), ("list", "a"), ("list", "b"), ("empty", "")])
