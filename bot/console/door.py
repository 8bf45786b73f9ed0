"""What every request and every answer passes first: no other site, plain forms, strict headers.

The last line of defence too: what nobody caught becomes a page, and a line in the log that holds
no text of a patient or of staff.
"""

from __future__ import annotations

import logging
import traceback
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console import errors
from bot.settings import get_settings

logger = logging.getLogger(__name__)
LARGEST_BODY_BYTES = 256 * 1024
"""A long message with every character escaped, and room to spare."""
FORM = "application/x-www-form-urlencoded"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class BadForm(Exception):
    """A body that no form of ours sends; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Sent:
    """Whether an answer has gone out whole."""

    all = False

    def note(self, message: Message) -> None:
        """See a message on its way to the browser."""
        if message["type"] == "http.response.body":
            self.all = not message.get("more_body", False)


class Door:
    """The outermost layer of the console."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Sent()

        async def send_with_headers(message: Message) -> None:
            sent.note(message)
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._pass_on(scope, receive, send_with_headers)
        except Exception as error:  # Starlette raises it once more after it has sent the page
            _log(scope, error)
            if not sent.all:
                raise ConnectionError("The answer broke off; see the line before.") from None

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response | None = None
        if scope["method"] not in ("GET", "HEAD"):
            if not _same_origin(Headers(scope=scope)):
                answer = await errors.answer(Request(scope), 403)
            else:
                try:
                    body = await _read(scope, receive)
                    form = _parse(scope, body)
                except BadForm as bad:
                    answer = await errors.answer(Request(scope), bad.status)
                else:
                    scope = {**scope, "state": {**scope.get("state", {}), "form": form}}
                    receive = _again(body, receive)
        await (answer or self.app)(scope, receive, send)


def _same_origin(headers: Headers) -> bool:
    """Browsers say with each POST where it comes from; a request without either is no browser's."""
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    own = {headers.get("host"), urlsplit(get_settings().console_url).netloc}
    return origin is None or urlsplit(origin).netloc in own


async def _read(scope: Scope, receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadForm(400)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY_BYTES:
            raise BadForm(413)
    return body


def _parse(scope: Scope, body: bytes) -> FormData:
    """The form's fields: urlencoded UTF-8 without NUL (PostgreSQL takes none).

    Line ends become "\\n", as the patient's are.
    """
    kind = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
    if body and kind != FORM:
        raise BadForm(415)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=200, errors="strict"
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise BadForm(400) from error
    fields = [(name, value.replace("\r\n", "\n")) for name, value in pairs]
    token = dict(fields).get("csrftoken", "") + Headers(scope=scope).get("x-csrftoken", "")
    if not token.isascii() or any("\0" in value for _name, value in fields):
        raise BadForm(400)
    return FormData([*fields])


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, and then what comes after it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


def _log(scope: Scope, error: Exception) -> None:
    """Where it happened and what kind it was, without its message: that may quote a patient."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s %s: %s\n%s", scope["method"], scope["path"], type(error).__name__, frames)
