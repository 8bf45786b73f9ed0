"""What a refusal or a fault looks like: a page, or for htmx a sentence that the page shows."""

from __future__ import annotations

from typing import Any

from asgi_csrf import Errors
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

from bot.console.pages import fragment, page
from bot.errors import NotFound, Refused, WaymarkError

UNREADABLE = "This form can't be read. Go back, load the page again and send it once more."
SENTENCES = {
    400: ("Not sent", UNREADABLE),
    403: (
        "Not sent",
        "It was not sent from an open page of this console. Go back, load the page again and "
        "send it once more.",
    ),
    404: (
        "Not found",
        "There is no such page, or it belongs to another team. Ask a colleague of that team, or "
        "go back to the queue.",
    ),
    405: ("Not possible", "This can't be done here. Go back to the queue."),
    409: ("Not possible now", "Load the page again to see how things stand."),
    413: ("Not sent", "The text is too long. Shorten it and send it once more."),
    415: ("Not sent", UNREADABLE),
    500: (
        "There is a problem",
        "Something went wrong on our side. Try once more. If it happens again, tell your "
        "administrator the time: the log says why.",
    ),
    503: (
        "There is a problem",
        "The database doesn't answer. Nothing was changed. Wait a minute and try once more.",
    ),
}
"""Heading and sentence by status; the sentence stands alone where only a fragment is shown."""


async def answer(request: Request, status: int, sentence: str | None = None) -> Response:
    """The page for a status; for htmx only the sentence."""
    title, usual = SENTENCES.get(status, SENTENCES[500])
    values: dict[str, Any] = {"error_title": title, "sentence": sentence or usual}
    if status >= 500:
        values["navigation"] = []  # its numbers are asked of the database, which may be what failed
    if request.headers.get("hx-request"):
        return await run_in_threadpool(
            fragment, request, "_error.html.j2", status_code=status, **values
        )
    return await run_in_threadpool(page, request, "error.html.j2", status_code=status, **values)


async def on_http_error(request: Request, error: Exception) -> Response:
    """No such page, no such method."""
    return await answer(request, error.status_code if isinstance(error, HTTPException) else 500)


async def on_waymark_error(request: Request, error: Exception) -> Response:
    """Ours: missing and forbidden look alike; the others say what to do next."""
    if isinstance(error, NotFound):
        return await answer(request, 404)
    return await answer(request, 403 if isinstance(error, Refused) else 409, str(error))


async def on_fault(request: Request, error: Exception) -> Response:
    """What nobody expected; `door.Door` writes the line in the log."""
    return await answer(request, 503 if isinstance(error, OperationalError) else 500)


async def send_csrf_failed(scope: Scope, send: Send, _reason: Errors) -> None:
    """A form without its token, or with another browser's."""

    async def nothing() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    response = await answer(Request(scope), 403)
    await response(scope, nothing, send)


HANDLERS: dict[Any, Any] = {
    HTTPException: on_http_error,
    WaymarkError: on_waymark_error,
    Exception: on_fault,
}
