"""Who may in: everything but signing in, /health and the assets needs a running session.

`SignedInOnly` looks the cookie up once a request; handlers ask `staff_of(request)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import NotVerified
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.live import last_event_id
from bot.services.staff_sessions import session_id_of, staff_of_token
from bot.settings import get_settings

COOKIE = "waymark_staff"
CSRF_COOKIE = "waymark_csrf"
SIGN_IN = "/sign-in"
EVENTS = "/events"
OPEN = (SIGN_IN, "/health")
BACKGROUND = "waymark-background"
"""Header of requests that the page makes by itself: they don't keep a session alive."""


@dataclass(frozen=True)
class SignedIn:
    """Who makes a request. In a transaction read `session.get(Staff, signed_in.id)` anew.

    last_event: the newest live event before the request read anything; a page made now that is
    sent all later events misses none.
    """

    id: str
    first_name: str
    family_name: str
    job_title: str
    role: str
    session_id: str
    last_event: int

    @property
    def name(self) -> str:
        """First and family name."""
        return f"{self.first_name} {self.family_name}"

    @property
    def sees_patients(self) -> bool:
        """May look for a patient and see the figures."""
        return self.role in ("supervisor", "administrator")


def staff_of(request: Request) -> SignedIn:
    """Who makes this request.

    Raises:
        NotVerified: nobody is signed in (a page that is open to all has asked).
    """
    signed_in = signed_in_at(request)
    if signed_in is None:
        raise NotVerified("Sign in first.")
    return signed_in


def signed_in_at(request: Request) -> SignedIn | None:
    """Who is signed in, on pages that are open to all; None: nobody."""
    return cast("SignedIn | None", getattr(request.state, "signed_in", None))


def form_of(request: Request) -> FormData:
    """The fields of a POST, read by `door.Door`: plain handlers need no `await`."""
    return cast("FormData", request.state.form)


def csrf_token(request: Request) -> str:
    """The token for this browser's forms; empty before asgi-csrf has seen the request."""
    make = request.scope.get("csrftoken")
    return str(make()) if make else ""


def secure_cookies() -> bool:
    """Whether the console is reached by https."""
    return get_settings().console_url.startswith("https://")


def set_cookie(response: Response, token: str) -> None:
    """Give the browser its session. It ends with the browser, or by the server's clock."""
    response.set_cookie(
        COOKIE, token, path="/", httponly=True, samesite="strict", secure=secure_cookies()
    )


def local_path(target: str | None) -> str:
    """A path of ours to lead to after sign-in; "/" for anything else.

    >>> local_path("/handoffs/7?x=1"), local_path("//evil.example"), local_path("/\\\\evil")
    ('/handoffs/7?x=1', '/', '/')
    """
    if not target or not target.isascii() or not target.isprintable():
        return "/"
    if not target.startswith("/") or target.startswith(("//", SIGN_IN)) or "\\" in target:
        return "/"
    return target


class SignedInOnly:
    """Lets a request through with `request.state.signed_in`, or leads to the sign-in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look the session up and pass on."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        signed_in = await run_in_threadpool(_look_up, request)
        request.state.signed_in = signed_in
        # The stream of events tells an ended session by itself: a browser hides a status from it.
        if signed_in is None and scope["path"] not in (*OPEN, EVENTS):
            await _lead_to_sign_in(request)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _look_up(request: Request) -> SignedIn | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    by_itself = BACKGROUND in request.headers or request.url.path == EVENTS
    with transaction() as session:
        staff = staff_of_token(session, token, utc_now(), active=not by_itself)
        if staff is None:
            return None
        return SignedIn(
            staff.id,
            staff.first_name,
            staff.family_name,
            staff.job_title,
            staff.role,
            session_id_of(token),
            last_event_id(session),
        )


def _lead_to_sign_in(request: Request) -> Response:
    """Back to the same page after sign-in: a form's own address is no page.

    htmx gets no redirect, which it would follow also when the page has been emptied meanwhile:
    the page says itself that nobody is signed in (`assets/requests.js`).
    """
    if request.headers.get("hx-request"):
        return Response(status_code=401)
    here = str(request.url) if request.method == "GET" else request.headers.get("referer", "")
    parts = urlsplit(here)
    path = local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
    address = SIGN_IN if path == "/" else f"{SIGN_IN}?next={quote(path, safe='/')}"
    return RedirectResponse(address, status_code=303)
