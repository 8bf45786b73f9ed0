"""The HTTP side of deep-translator: it calls `requests` without a timeout, with text in the URL.

`providers` puts a `Wire` in the place of the name `requests` in deep-translator's modules, the one
place through which all their requests go. What fails here is a `TranslationFailed` at once, so
that no exception of `requests`, which holds the address and so the text, goes any further.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests

from bot.errors import TranslationFailed

DEFAULT_SECONDS = 3.0
MOST_BYTES = 1_000_000
CHUNK_BYTES = 256
"""Small, so that the time is looked at often while a slow body comes in."""
BUSY = {429, 456}
"""Too many requests; DeepL's 456: the month's characters are used up."""
UNSUPPORTED = {400, 413, 414, 422}
"""The server won't take this language or this text; the next may well do."""

_deadline: ContextVar[float | None] = ContextVar("translation_deadline", default=None)

Rewrite = Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]
"""(method, arguments for `requests.request`) → the same, as this provider wants them."""


def end_by(deadline: float) -> None:
    """Requests of this thread end by this moment of `time.monotonic`."""
    _deadline.set(deadline)


@dataclass(frozen=True)
class Answer:
    """As much of `requests.Response` as deep-translator reads."""

    status_code: int
    body: bytes

    @property
    def text(self) -> str:
        """The body, taken as UTF-8."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body, read as JSON; ValueError when it is none."""
        return json.loads(self.text)

    def close(self) -> None:
        """Nothing is open any more."""


class Wire:
    """Stands in for the module `requests`: `get`, `post` and `exceptions` are all that is used."""

    exceptions = requests.exceptions

    def __init__(self, rewrite: Rewrite = lambda method, arguments: (method, arguments)) -> None:
        self._rewrite = rewrite

    def get(self, url: str, **arguments: Any) -> Answer:
        """See `requests.get`.

        Raises:
            TranslationFailed: no usable answer by the deadline.
        """
        return self._send("GET", url, arguments)

    def post(self, url: str, **arguments: Any) -> Answer:
        """See `requests.post`; raises as `get`."""
        return self._send("POST", url, arguments)

    def _send(self, method: str, url: str, arguments: dict[str, Any]) -> Answer:
        deadline = _deadline.get() or time.monotonic() + DEFAULT_SECONDS
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TranslationFailed("slow")
        method, arguments = self._rewrite(method, arguments)
        try:
            answer = _request(method, url, arguments, seconds, deadline)
        except requests.RequestException as error:
            late = isinstance(error, requests.Timeout) or time.monotonic() >= deadline
            answer = None
        if answer is None:  # raised here, not above: no context that holds the text
            raise TranslationFailed("slow" if late else "down")
        if answer.status_code in BUSY:
            raise TranslationFailed("busy")
        if answer.status_code in UNSUPPORTED:
            raise TranslationFailed("unsupported")
        if not 200 <= answer.status_code < 300:
            raise TranslationFailed("down")
        return answer


def _request(
    method: str, url: str, arguments: dict[str, Any], seconds: float, deadline: float
) -> Answer:
    """One request, no redirects: they could lead a text out of the organisation."""
    with requests.request(
        method, url, timeout=(seconds, seconds), allow_redirects=False, stream=True, **arguments
    ) as response:
        body = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if time.monotonic() >= deadline:
                raise TranslationFailed("slow")
            if len(body) > MOST_BYTES:
                raise TranslationFailed("nonsense")
        return Answer(response.status_code, bytes(body))
