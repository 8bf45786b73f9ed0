"""A stand-in for the Bot API that has and says as little as it can get away with.

It knows three methods, answers them without what is optional, and holds no answer back. Whatever
else is called is refused in one of the ways that such servers have.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

REFUSALS: dict[str, tuple[int, bytes]] = {
    "404 in JSON": (404, b'{"ok": false, "error_code": 404, "description": "Not Found"}'),
    "404 in HTML": (404, b"<html>Not Found</html>"),
    "501": (501, b"not implemented"),
    "400": (400, b'{"ok": false, "error_code": 400, "description": "unknown method"}'),
    "200, not ok": (200, b'{"ok": false}'),
}
NO_ANSWER = (0, b"")
"""The connection is closed without a word."""


class SparseTelegram:
    """What happened there.

    Attributes:
        refusal: how a method that it lacks is answered.
        faults: answers that come instead of the next updates.
        asked: (path, parameters) of every call.
        sent: texts of the messages that were sent, with their buttons' data.
    """

    def __init__(self, refusal: str, prefix: str = "") -> None:
        self.refusal, self.prefix = REFUSALS[refusal], prefix
        self.faults: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.sent: list[tuple[str, list[str]]] = []
        self.updates: list[Any] = []
        self.url = ""

    def methods(self) -> list[str]:
        """The methods that were called, in order."""
        return [path.rpartition("/")[2] for path, _ in self.asked]

    def answer(self, path: str, parameters: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body."""
        self.asked.append((path, parameters))
        method = path.rpartition("/")[2]
        if method == "getMe":
            return _ok({"id": 1})
        if method == "getUpdates":
            return self.faults.pop(0) if self.faults else _ok(self.updates)
        if method == "sendMessage":
            keyboard = json.loads(parameters.get("reply_markup", "{}"))
            rows = keyboard.get("inline_keyboard", [])
            data = [button["callback_data"] for row in rows for button in row]
            self.sent.append((parameters["text"], data))
            return _ok({"message_id": len(self.sent)})
        return self.refusal


def _ok(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


@contextmanager
def running(api: SparseTelegram) -> Iterator[SparseTelegram]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            code, answer = api.answer(self.path, dict(parse_qsl(body)))
            if (code, answer) == NO_ANSWER:
                return
            self.send_response(code)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}{api.prefix}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
