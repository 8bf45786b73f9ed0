"""Puts the console together: the door, who is signed in, the pages, and what an error looks like.

A request passes `door.Door` (headers, other sites, forms), asgi-csrf, `security.SignedInOnly`, and
then the handler of its page: a plain function, run in a thread, that calls services in
`transaction()` and answers by `pages.page` or `pages.fragment`.
"""

from __future__ import annotations

from asgi_csrf import asgi_csrf
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from bot.console import (
    carers,
    chat,
    errors,
    events,
    figures,
    issues,
    pages,
    patients,
    queue,
    sign_in,
)
from bot.console.assets_folder import Assets
from bot.console.door import Door
from bot.console.security import CSRF_COOKIE, SignedInOnly, secure_cookies
from bot.records.session import transaction
from bot.services.keys import keyed_hash

START = "/queue/waiting"


def start(_request: Request) -> Response:
    """The bare address leads to the queue."""
    return RedirectResponse(START, status_code=303)


def health(_request: Request) -> Response:
    """Says that the console answers and reaches its database."""
    with transaction() as session:
        session.connection()
    return Response(status_code=204)


def create_app() -> ASGIApp:
    """The whole console, with its poller of live events started and stopped with it."""
    csrf = Middleware(
        asgi_csrf,  # type: ignore[arg-type]  # a function, called as a class would be
        cookie_name=CSRF_COOKIE,
        signing_secret=keyed_hash("csrf", "console"),
        always_protect={sign_in.PATH},
        cookie_secure=secure_cookies(),
        cookie_samesite="Strict",
        send_csrf_failed=errors.send_csrf_failed,
    )
    app = Starlette(
        routes=[
            Route("/", start),
            Route("/health", health),
            Mount("/static", Assets()),
            *sign_in.routes,
            *pages.routes,
            *events.routes,
            *queue.routes,
            *patients.routes,
            *carers.routes,
            *chat.routes,
            *issues.routes,
            *figures.routes,
        ],
        middleware=[csrf, Middleware(SignedInOnly)],
        exception_handlers=errors.HANDLERS,
        lifespan=events.lifespan,
    )
    return Door(app)
