"""The console's real server on a port of its own, in a thread of the test's process."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from queue import Empty, Queue
from typing import Any

import httpx
import uvicorn

from bot.console.app import create_app
from bot.console.security import COOKIE

START_SECONDS = 10
EVENT_SECONDS = 8


class LiveConsole:
    """`with LiveConsole() as console`: `console.address` answers until the block ends.

    port: 0 for a free one; another's, to come back after it ended.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            create_app(),
            log_level="warning",
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> LiveConsole:
        self._thread.start()
        end = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > end:
                raise RuntimeError("The console did not come up.")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=START_SECONDS)
        self._socket.close()

    def listen(self, token: str, **how: Any) -> Stream:
        """Open the stream of live events with a session's cookie."""
        return Stream(self.address, token, **how)


class Stream:
    """What an EventSource at /events sees. Use as a context manager."""

    def __init__(
        self, address: str, token: str, *, after: int | None = None, last_id: int | None = None
    ) -> None:
        self._url = f"{address}/events" + ("" if after is None else f"?after={after}")
        self._headers = {} if last_id is None else {"Last-Event-ID": str(last_id)}
        self._cookies = {COOKIE: token}
        self._heard: Queue[dict[str, str] | None] = Queue()
        self.headers: httpx.Headers | None = None
        self._response: httpx.Response | None = None

    def __enter__(self) -> Stream:
        self._opened = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._opened.wait(START_SECONDS):
            raise RuntimeError("No stream was opened.")
        return self

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()

    def next(self, seconds: float = EVENT_SECONDS) -> tuple[int | None, dict[str, Any]]:
        """The next event's id and data.

        Raises:
            TimeoutError: none came in time.
            EOFError: the server has ended the stream.
        """
        try:
            item = self._heard.get(timeout=seconds)
        except Empty as error:
            raise TimeoutError("No event came.") from error
        if item is None:
            raise EOFError("The stream has ended.")
        number = item.get("id")
        return (int(number) if number else None), json.loads(item["data"])

    def rest(self, seconds: float = 0.8) -> list[tuple[int | None, dict[str, Any]]]:
        """All that still comes within a while of silence."""
        return list(self._until_silence(seconds))

    def _until_silence(self, seconds: float) -> Iterator[tuple[int | None, dict[str, Any]]]:
        while True:
            try:
                yield self.next(seconds)
            except (TimeoutError, EOFError):
                return

    def _read(self) -> None:
        try:
            with (
                httpx.Client(cookies=self._cookies, timeout=None) as client,
                client.stream("GET", self._url, headers=self._headers) as response,
            ):
                self._response = response
                self.headers = response.headers
                self._take(response.iter_lines())
        except (httpx.HTTPError, httpx.StreamError, OSError):
            pass  # closed from either side
        self._opened.set()
        self._heard.put(None)

    def _take(self, lines: Iterator[str]) -> None:
        item: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            if line:
                item[name] = value
                continue
            self._opened.set()
            if "event" not in item and item.get("data"):  # not "ready", not a heartbeat
                self._heard.put(item)
            item = {}
