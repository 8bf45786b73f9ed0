"""The patient's page with a server that says just what a test tells it to, in the order it wants.

The page itself, its session and its headers are Waymark's own; only the conversation is made up.
It is real HTTP and Socket.IO: late, lost and repeated messages reach the page as they would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime, timezone
from typing import Any

import uvicorn
from playwright.sync_api import Page
from socketio import ASGIApp, AsyncServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels.page_data import session_data
from bot.channels.pages import HEADERS, STATIC, TEMPLATES, version

WAIT_SECONDS = 10
NOON = datetime(2026, 5, 4, 9, 0, tzinfo=timezone.utc)
AMARA = {"name": "Amara", "title": "care coordinator"}
POLISH = {"name": "Amara", "title": "koordynatorka opieki"}
TRANSLATED = {
    "author": POLISH,
    "original": "Please call 020 3299 9000.\n\nBring your letter.",
    "machine": "libretranslate",
}
QUEUE = "Your place in the queue: {}."


def queue_line(server: PageServer) -> None:
    """A conversation that waits for a person: the line with the place is not the last."""
    server.message(1, "I want to talk to a person", "patient", id="one", dir="auto")
    server.message(2, QUEUE.format(3))
    server.message(3, "In an emergency call 999.", buttons=["Stop waiting", "Ask something else"])


def stop_clock(page: Page) -> None:
    """From now on the page's time goes by `run_for`. No jump: that would end the connection."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)


class PageServer:
    """A site for one conversation; runs until the `with` block ends.

    Attributes:
        session: what the page is told of itself.
        messages: what the conversation holds, by number; `history` answers from it.
        rewritten: numbers of those that `history` gives as changed.
        asked: the `after` of each time the page asked for its history.
        typed: how often the page told that the patient is writing.
    """

    def __init__(self, language: str, **session: Any) -> None:
        known = session_data(None, None, language, NOON)
        self.session: dict[str, Any] = {**known, "chosen": True, **session}
        self.messages: dict[int, dict[str, Any]] = {}
        self.rewritten: set[int] = set()
        self.asked: list[int] = []
        self.typed = 0
        self._chat = AsyncServer(async_mode="asgi")
        for event in ("history", "message", "typing"):
            self._chat.on(event, handler=getattr(self, f"_on_{event}"))

    # ---- what a test does ----

    def message(self, seq: int, text: str, sender: str = "bot", **more: Any) -> dict[str, Any]:
        """A message as `page_data.message_data` gives it; kept for `history`, not sent."""
        language, direction = self.session["language"], self.session["dir"]
        self.messages[seq] = {
            "seq": seq,
            "id": None,
            "sender": sender,
            "author": AMARA if sender == "coordinator" else None,
            "text": text,
            "buttons": [],
            "language": language,
            "dir": direction,
            "at": NOON.isoformat(),
            "kind": None,
            "private": False,
            "original": None,
            "machine": None,
            "file": None,
            "revision": 0,
            **more,
        }
        return self.messages[seq]

    def say(self, seq: int, text: str, sender: str = "bot", **more: Any) -> None:
        """Keep a message and send it to the page."""
        self.tell("message", self.message(seq, text, sender, **more))

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Send any event."""
        self._run(self._chat.emit(event, data))

    def tell_session(self, **changes: Any) -> None:
        """Change the session and tell the page."""
        self.session.update(changes)
        self.tell("session", self.session)

    def break_connection(self) -> None:
        """Break the line as a lost network does; the page connects again by itself."""

        async def abort() -> None:
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()

        self._run(abort())

    # ---- what the page does ----

    async def _on_history(self, _sid: str, data: dict[str, int]) -> dict[str, Any]:
        after = data["after"]
        self.asked.append(after)
        return {
            "messages": [m for seq, m in sorted(self.messages.items()) if seq > after],
            "changed": [self.messages[seq] for seq in sorted(self.rewritten) if seq <= after],
            "session": self.session,
        }

    async def _on_message(self, _sid: str, data: dict[str, str]) -> dict[str, Any]:
        seq = max(self.messages, default=0) + 1
        self.message(seq, data["text"], "patient", id=data["id"], language=None, dir="auto")
        return {"ok": True, "seq": seq}

    async def _on_typing(self, _sid: str, _data: Any = None) -> None:
        self.typed += 1

    # ---- serving ----

    def __enter__(self) -> PageServer:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.address = "http://{}:{}".format(*listening.getsockname())
        ready = threading.Event()

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            self._loop = asyncio.get_running_loop()
            ready.set()
            yield

        site = Starlette(
            routes=[
                Route("/chat", self._page),
                Route("/chat/session", self._session, methods=["POST"]),
                Mount("/chat/static", StaticFiles(directory=STATIC)),
            ],
            lifespan=lifespan,
        )
        config = uvicorn.Config(
            ASGIApp(self._chat, site),
            ws="wsproto",
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        if not ready.wait(WAIT_SECONDS):
            raise RuntimeError("The page's server did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(WAIT_SECONDS)

    async def _page(self, _request: Request) -> HTMLResponse:
        page = TEMPLATES.get_template("page.html.j2").render(
            language=self.session["language"],
            direction=self.session["dir"],
            strings=self.session["strings"],
            languages=self.session["languages"],
            organisation="Waymark",
            version=version(),
            session_json=json.dumps(self.session),
            left=False,
        )
        return HTMLResponse(page, headers=HEADERS)

    async def _session(self, _request: Request) -> JSONResponse:
        return JSONResponse(self.session)

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)
