"""kill -9 of any process at any moment, with both sides writing: nothing lost, nothing reordered.

`WAYMARK_KILLS=20` plays as many rounds; the suite plays a few.
"""

from __future__ import annotations

import os
import random
import threading
import time
import uuid

import pytest
import requests
from sqlalchemy import select

from bot.records.chat_models import Message
from bot.records.session import transaction
from tests.conversations.people import conversation_of
from tests.conversations.test_handoff import open_chat
from tests.site.coordinator import Coordinator
from tests.site.patient import PatientPage
from tests.site.running import Site

pytestmark = pytest.mark.slow
ROUNDS = int(os.environ.get("WAYMARK_KILLS", "3"))
PROGRAMS = ("rasa", "actions", "console", "worker")
MESSAGES_A_ROUND = 4
PATIENCE_SECONDS = 90


class Writer(threading.Thread):
    """Writes numbered messages one after another, each again until it is acknowledged."""

    def __init__(self, prefix: str, moments: random.Random) -> None:
        super().__init__()
        self.texts = [f"{prefix} number {number}" for number in range(MESSAGES_A_ROUND)]
        self.failed: str | None = None
        self._moments = moments

    def write(self, text: str, message_id: str) -> None:
        raise NotImplementedError

    def run(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        for text in self.texts:
            message_id = str(uuid.uuid4())
            while True:
                try:
                    self.write(text, message_id)
                    break
                except Exception as error:  # the process died under it: again, as a page does
                    if time.monotonic() > end:
                        self.failed = f"{text}: {type(error).__name__}"
                        return
                    time.sleep(0.3)
            time.sleep(self._moments.random() * 0.3)


class Patient(Writer):
    def __init__(self, page: PatientPage, prefix: str, moments: random.Random) -> None:
        super().__init__(prefix, moments)
        self._page = page

    def write(self, text: str, message_id: str) -> None:
        if not self._page.client.connected:
            self._page.client.eio.disconnect(abort=True)
            self._page.connect()
        event = {"id": message_id, "text": text}
        assert self._page.client.call("message", event, timeout=5)["ok"]


class Colleague(Writer):
    def __init__(
        self, coordinator: Coordinator, handoff: str, prefix: str, moments: random.Random
    ) -> None:
        super().__init__(prefix, moments)
        self._coordinator, self._handoff = coordinator, handoff

    def write(self, text: str, message_id: str) -> None:
        self._coordinator.send(self._handoff, text, message_id)


def stored(page: PatientPage) -> list[Message]:
    with transaction() as session:
        rows = select(Message).where(Message.conversation_id == conversation_of(page))
        return list(session.execute(rows.order_by(Message.seq)).scalars())


def settled(page: PatientPage) -> list[Message]:
    """The conversation, once nothing of it is under way."""
    end = time.monotonic() + PATIENCE_SECONDS
    while any(row.status in ("received", "queued") for row in stored(page)):
        assert time.monotonic() < end, "a message stayed under way"
        time.sleep(0.2)
    return stored(page)


def test_kills_at_random_moments_lose_and_reorder_nothing(site: Site) -> None:
    moments = random.Random(11)
    amara = Coordinator(site.console)
    page = site.open_page()
    page.say("I want to talk to a person")
    handoff = open_chat(page)
    assert handoff is not None
    amara.claim(handoff.id)
    wrote = {"patient": ["I want to talk to a person"], "coordinator": []}
    for number in range(ROUNDS):
        patient = Patient(page, f"patient {number},", moments)
        colleague = Colleague(amara, handoff.id, f"coordinator {number},", moments)
        for writer in (patient, colleague):
            writer.start()
        time.sleep(moments.random())
        killed = moments.sample(PROGRAMS, moments.choice((1, 2)))
        before = {program: site.pid_of(program) for program in killed}
        for program in killed:
            site.kill(program)
        for writer in (patient, colleague):
            writer.join()
        assert (patient.failed, colleague.failed) == (None, None)
        wrote["patient"] += patient.texts
        wrote["coordinator"] += colleague.texts
        _wait_for_restart(site, before)
    rows = settled(page)
    for sender, texts in wrote.items():
        assert [row.text for row in rows if row.sender == sender] == texts, sender
    shown = [m["text"] for m in page.history()] if page.client.connected else None
    if shown is None:
        page.connect()
        shown = [m["text"] for m in page.history()]
    assert shown == [row.text for row in rows]
    _arrived_in_order(page, wrote["coordinator"])
    page.client.eio.disconnect(abort=True)


def _arrived_in_order(page: PatientPage, texts: list[str]) -> None:
    """What the open page was sent of the coordinator's messages, repeats dropped by number, is
    in order; what it missed while it was away it has from its history."""
    sent = {said.seq: said.text for said in page.heard if said.text in texts}
    order = [text for _, text in sorted(sent.items())]
    assert order == [text for text in texts if text in order]


def _wait_for_restart(site: Site, before: dict[str, int]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while any(site.pid_of(program) == pid for program, pid in before.items()):
        assert time.monotonic() < end, "a process was not started again"
        time.sleep(0.1)
    while time.monotonic() < end:
        try:
            site.wait_until_ready()
            return
        except requests.RequestException:
            time.sleep(0.3)
