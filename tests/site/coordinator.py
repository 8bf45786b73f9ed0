"""A coordinator at the console, as a browser without JavaScript behaves, over real HTTP."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any

import requests

from bot.services.demo_staff import demo_password


class Coordinator:
    """Signs in and works on hand-offs; each method is one form of the console."""

    def __init__(self, console: str, email: str = "amara@demo.waymark") -> None:
        self.console = console
        self.http = requests.Session()
        page = self._get("/sign-in")
        fields = {"email": email, "password": demo_password(), "csrftoken": _token(page)}
        answer = self.http.post(f"{console}/sign-in", data=fields, timeout=20)
        answer.raise_for_status()
        assert "Sign out" in answer.text

    def claim(self, handoff_id: str) -> str:
        """Claim; returns the page that follows."""
        return self._post(handoff_id, "claim")

    def send(self, handoff_id: str, text: str, client_id: str | None = None) -> str:
        """Send as it is typed, in English; the same client id again is the same message."""
        client_id = client_id or str(uuid.uuid4())
        fields = {"text": text, "preview": "english", "client_id": client_id}
        return self._post(handoff_id, "send", **fields)

    def resolve(
        self, handoff_id: str, done: str, left_with: str = "nobody", due: date | None = None
    ) -> str:
        """Resolve."""
        fields = {
            "done": done,
            "left_with": left_with,
            "left_due_on": due.isoformat() if due else "",
        }
        return self._post(handoff_id, "resolve", **fields)

    def read(self, handoff_id: str) -> str:
        """The hand-off's page."""
        return self._get(f"/handoffs/{handoff_id}")

    def _post(self, handoff_id: str, action: str, **fields: Any) -> str:
        token = self.http.cookies.get("waymark_csrf")
        fields["csrftoken"] = token
        answer = self.http.post(
            f"{self.console}/handoffs/{handoff_id}/{action}",
            data=fields,
            headers={"Origin": self.console},
            timeout=20,
        )
        if answer.status_code >= 500:
            answer.raise_for_status()
        return answer.text

    def _get(self, path: str) -> str:
        answer = self.http.get(self.console + path, timeout=20)
        answer.raise_for_status()
        return answer.text


def _token(page: str) -> str:
    found = re.search(r'name="csrftoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]
