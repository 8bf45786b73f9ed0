"""A patient and a coordinator for measuring: real HTTP, Socket.IO and server-sent events."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from typing import Any

import requests
import socketio

from bot.errors import SetupError

TIMEOUT_SECONDS = 30
TOKEN = re.compile(r'name="csrftoken" value="([^"]+)"')


class Patient:
    """A patient at the web page; `heard` has the moment at which each text arrived."""

    def __init__(self, address: str) -> None:
        self.heard: dict[str, float] = {}
        self._http = requests.Session()
        self._http.post(f"{address}/chat/session", timeout=TIMEOUT_SECONDS).raise_for_status()
        cookie = "; ".join(f"{c.name}={c.value}" for c in self._http.cookies)
        self._client = socketio.Client(reconnection=False)
        self._client.on("message", self._hear)
        self._client.connect(address, headers={"Cookie": cookie}, transports=["polling"])

    def write(self, text: str) -> float:
        """Send a text; returns the moment at which it was sent.

        Raises:
            SetupError: the site refused it.
        """
        sent = time.monotonic()
        answer = self._client.call(
            "message", {"id": str(uuid.uuid4()), "text": text}, timeout=TIMEOUT_SECONDS
        )
        if not answer["ok"]:
            raise SetupError(f"The site refused a message: {answer['error']} Wait a minute.")
        return sent

    def close(self) -> None:
        """Hang up, without waiting for an open poll."""
        self._client.eio.disconnect(abort=True)

    def _hear(self, data: dict[str, Any]) -> None:
        self.heard.setdefault(data["text"], time.monotonic())


class Coordinator:
    """A coordinator at the console; `told` has the moment of each event by conversation."""

    def __init__(self, console: str, email: str, password: str) -> None:
        self.told: dict[tuple[str, int], float] = {}
        self._console = console
        self._http = requests.Session()
        page = self._http.get(f"{console}/sign-in", timeout=TIMEOUT_SECONDS).text
        token = TOKEN.search(page)
        fields = {"email": email, "password": password, "csrftoken": token[1] if token else ""}
        answer = self._http.post(f"{console}/sign-in", data=fields, timeout=TIMEOUT_SECONDS)
        if "Sign out" not in answer.text:
            raise SetupError("The demo's coordinator can't sign in. Start the demo: make run")
        threading.Thread(target=self._listen, daemon=True).start()

    def claim(self, handoff_id: str) -> None:
        """Claim."""
        self._post(handoff_id, "claim")

    def send(self, handoff_id: str, text: str) -> float:
        """Send a text in English; returns the moment at which it was sent."""
        sent = time.monotonic()
        client_id = str(uuid.uuid4())
        self._post(handoff_id, "send", text=text, preview="english", client_id=client_id)
        return sent

    def resolve(self, handoff_id: str) -> None:
        """Resolve."""
        self._post(handoff_id, "resolve", done="Measured.", left_with="nobody", left_due_on="")

    def _post(self, handoff_id: str, action: str, **fields: str) -> None:
        fields["csrftoken"] = self._http.cookies.get("waymark_csrf") or ""
        answer = self._http.post(
            f"{self._console}/handoffs/{handoff_id}/{action}",
            data=fields,
            headers={"Origin": self._console},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        answer.raise_for_status()

    def _listen(self) -> None:
        listening = requests.Session()  # its own: a session isn't for two threads
        listening.cookies.update(self._http.cookies)
        address = f"{self._console}/events"
        stream = listening.get(address, stream=True, timeout=TIMEOUT_SECONDS)
        for line in stream.iter_lines(chunk_size=1):
            if line.startswith(b"data:") and line[5:].strip():
                event = json.loads(line[5:])
                if event["kind"] == "message" and "seq" in event:
                    key = (str(event.get("conversation")), int(event["seq"]))
                    self.told.setdefault(key, time.monotonic())
