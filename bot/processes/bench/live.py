"""How long a message takes to the other side, with one chat open and with many.

Run by `waymark bench` against the running demo site.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles
from typing import TypeVar

from sqlalchemy import select

from bot.errors import SetupError
from bot.processes.bench.clients import Coordinator, Patient
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.session import transaction
from bot.services.demo_staff import FIRST_TO_TRY, demo_password
from bot.settings import get_settings

ASK = "I want to talk to a person"
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.1
POLL_SECONDS = 0.005
MOST_CHATS = 200
ONE_PATIENT_WRITES = 15
"""Messages of one patient: a site takes no more than 20 a minute of one conversation."""


Found = TypeVar("Found")


@dataclass(frozen=True)
class Times:
    """Milliseconds from sending to the other side, both ways, at a number of open chats."""

    chats: int
    to_staff: tuple[float, ...]
    to_patient: tuple[float, ...]

    def p50_p95(self, times: tuple[float, ...]) -> tuple[float, float]:
        """Median and 95th percentile."""
        cut = quantiles(times, n=20, method="inclusive")
        return cut[9], cut[18]


@dataclass
class Chat:
    """One claimed chat."""

    patient: Patient
    conversation_id: str
    handoff_id: str


def measure(chats: int, messages: int) -> tuple[Times, Times]:
    """Times with one chat open, then with `chats` open, `messages` each way.

    Raises:
        SetupError: the demo site isn't running, or a message didn't arrive.
    """
    settings = get_settings()
    if settings.mode != "demo" or not 2 <= chats <= MOST_CHATS:
        raise SetupError(f"The bench runs on the demo, with 2 to {MOST_CHATS} chats.")
    try:
        coordinator = Coordinator(settings.console_url, FIRST_TO_TRY, demo_password())
    except OSError as error:
        raise SetupError("The demo site is not running. Start it: make run") from error
    alone = [
        _with_open(coordinator, 1, min(ONE_PATIENT_WRITES, messages - begun))
        for begun in range(0, messages, ONE_PATIENT_WRITES)
    ]
    together = Times(
        1, sum((t.to_staff for t in alone), ()), sum((t.to_patient for t in alone), ())
    )
    return together, _with_open(coordinator, chats, messages)


def _with_open(coordinator: Coordinator, chats: int, messages: int) -> Times:
    opened: list[Chat] = []
    try:
        while len(opened) < chats:
            opened.append(_open(get_settings().public_url, coordinator))
        return _times(coordinator, opened, messages)
    finally:
        for chat in opened:
            coordinator.resolve(chat.handoff_id)
            chat.patient.close()


def _open(address: str, coordinator: Coordinator) -> Chat:
    """A patient asks for a person and is claimed."""
    patient = Patient(address)
    patient.write(ASK)

    def newest() -> tuple[str, str] | None:
        with transaction() as session:
            row = session.execute(
                select(Conversation.id, Handoff.id)
                .join(Handoff, Handoff.conversation_id == Conversation.id)
                .where(Handoff.state == "waiting", Handoff.kind == "chat")
                .order_by(Handoff.created_at.desc())
            ).first()
        return (str(row[0]), str(row[1])) if row else None

    conversation_id, handoff_id = _until(newest)
    coordinator.claim(handoff_id)
    return Chat(patient, conversation_id, handoff_id)


def _times(coordinator: Coordinator, chats: list[Chat], messages: int) -> Times:
    to_staff, to_patient = [], []
    for number in range(messages):
        chat = chats[number % len(chats)]
        text = f"measured {number} of {len(chats)}"
        sent = chat.patient.write(text)
        key = (chat.conversation_id, _seq_of(chat.conversation_id, text))
        to_staff.append(_until(lambda key=key: coordinator.told.get(key)) - sent)  # type: ignore[misc]
        answer = f"answer {number} of {len(chats)}"
        sent = coordinator.send(chat.handoff_id, answer)
        heard = chat.patient.heard
        to_patient.append(_until(lambda answer=answer, heard=heard: heard.get(answer)) - sent)  # type: ignore[misc]
        time.sleep(PAUSE_SECONDS)
    return Times(len(chats), _milliseconds(to_staff), _milliseconds(to_patient))


def _seq_of(conversation_id: str, text: str) -> int:
    with transaction() as session:
        return int(
            session.execute(
                select(Message.seq).where(
                    Message.conversation_id == conversation_id, Message.text == text
                )
            ).scalar_one()
        )


def _milliseconds(seconds: list[float]) -> tuple[float, ...]:
    return tuple(1000 * one for one in seconds)


def _until(condition: Callable[[], Found | None]) -> Found:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := condition()) is None:
        if time.monotonic() > end:
            raise SetupError("A message did not arrive within a minute. Look into the logs.")
        time.sleep(POLL_SECONDS)
    return found
