"""A patient at the web page, as the page's own script behaves, over real HTTP and Socket.IO."""

from __future__ import annotations

import logging
import queue
import uuid
from dataclasses import dataclass
from typing import Any

import requests
import socketio

from bot.channels import visitor

TURN_SECONDS = 40
logging.getLogger("engineio.client").setLevel(logging.CRITICAL)  # it complains of an abort


@dataclass(frozen=True)
class Said:
    """One message of the bot."""

    seq: int
    text: str
    buttons: tuple[str, ...]
    language: str | None
    kind: str | None
    private: bool


class PatientPage:
    """Opens the page, talks, and listens. Use as a context manager."""

    def __init__(self, address: str, *, link: str = "/chat", browser_language: str = "en") -> None:
        self.address = address
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = browser_language
        self.http.get(address + link, timeout=20).raise_for_status()
        self.session = self.start()
        self.heard: list[Said] = []
        self._shown: dict[int, int] = {}  # number → revision
        self.forgotten: list[int] = []
        self._ended: queue.Queue[None] = queue.Queue()
        self.client = socketio.Client(reconnection=False)
        for event in ("message", "typing", "forget", "session"):
            self.client.on(event, getattr(self, f"_on_{event}"))
        self.connect()

    def __enter__(self) -> PatientPage:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.eio.disconnect(abort=True)  # else it may wait 30 s for its open poll

    @property
    def conversation(self) -> str:
        """The conversation's id, as the cookie has it."""
        found = visitor.read(self.http.cookies[visitor.COOKIE])
        assert found is not None
        return found

    def start(self) -> dict[str, Any]:
        """What the page does first: get its session and cookie."""
        answer = self.http.post(self.address + "/chat/session", timeout=20)
        answer.raise_for_status()
        return dict(answer.json())

    def connect(self) -> None:
        """Open the Socket.IO connection with the cookie."""
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        headers = {"Cookie": cookie, "Accept-Language": str(self.http.headers["Accept-Language"])}
        self.client.connect(self.address, headers=headers, transports=["polling"], wait_timeout=10)
        for message in self.history():
            self._is_new(message)

    def say(self, text: str) -> list[Said]:
        """Write a text; returns what is answered to it."""
        return self._turn("message", {"id": str(uuid.uuid4()), "text": text})

    def post(self, text: str) -> None:
        """Write a text without waiting for its answer."""
        self.client.emit("message", {"id": str(uuid.uuid4()), "text": text})

    def press(self, title: str) -> list[Said]:
        """Press the newest button of that title."""
        said = next(s for s in reversed(self.heard) if title in s.buttons)
        data = {"id": str(uuid.uuid4()), "seq": said.seq, "button": said.buttons.index(title)}
        return self._turn("press", data)

    def choose(self, language: str) -> list[Said]:
        """Pick a language on the page."""
        return self._turn("language", {"id": str(uuid.uuid4()), "code": language})

    def send(self, event: str, data: Any) -> Any:
        """Send an event; returns its acknowledgement."""
        return self.client.call(event, data, timeout=20)

    def history(self) -> list[dict[str, Any]]:
        """All messages that the page may show now."""
        return list(self.send("history", {"after": 0})["messages"])

    def _turn(self, event: str, data: dict[str, Any]) -> list[Said]:
        before = len(self.heard)
        receipt = self.send(event, data)
        if not receipt["ok"]:
            return [Said(0, receipt["error"], (), None, "refused", False)]
        self._ended.get(timeout=TURN_SECONDS)
        return self.heard[before:]

    def _on_message(self, data: dict[str, Any]) -> None:
        if self._is_new(data) and data["sender"] != "patient":
            self.heard.append(
                Said(
                    data["seq"],
                    data["text"],
                    tuple(data["buttons"]),
                    data["language"],
                    data["kind"],
                    data["private"],
                )
            )

    def _is_new(self, data: dict[str, Any]) -> bool:
        """False for a repeat, as the page drops it: the same number and no higher revision."""
        new = self._shown.get(data["seq"], -1) < data["revision"]
        if new:
            self._shown[data["seq"]] = data["revision"]
        return new

    def _on_typing(self, data: dict[str, Any]) -> None:
        if not data["on"]:
            self._ended.put(None)

    def _on_forget(self, data: dict[str, Any]) -> None:
        self.forgotten += data["seqs"]

    def _on_session(self, data: dict[str, Any]) -> None:
        self.session = data
