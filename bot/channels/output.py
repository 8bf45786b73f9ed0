"""Rasa's way out: each answer becomes a row, which `bot.channels.delivery` then sends."""

from __future__ import annotations

from typing import Any, Protocol

from rasa.core.channels.channel import OutputChannel

from bot.channels.in_thread import in_thread
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.answering import say_answer
from bot.services.transcript import Answer
from bot.settings import get_settings


class Sender(Protocol):
    """The channel's way out, as `Intake` uses it."""

    async def send_queued(self, conversation_id: str) -> None:
        """Send what is queued for a conversation, in order."""

    async def typing(self, conversation_id: str, on: bool) -> None:
        """Show or hide that an answer is being written."""


class RecordedOutput(OutputChannel):
    """The output of one turn."""

    def __init__(self, channel: str, sender: Sender, reply_to: int) -> None:
        self._channel, self._sender, self._reply_to = channel, sender, reply_to
        self.ordinal = 0

    def name(self) -> str:  # type: ignore[override]
        """The channel's name, which responses may be conditional on."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Store and send what the NLG rendered."""
        if not message.get("text"):
            return
        made = message.get("answer") or {}
        answer = Answer(
            text=message["text"],
            language=made.get("language") or get_settings().default_language,
            responses=tuple(made.get("responses") or ()),
            buttons=message.get("buttons") or [],
            private=bool(made.get("private")),
            english=made.get("english"),
            attachment=made.get("attachment"),
        )
        await self.say(recipient_id, answer)

    async def say(self, conversation_id: str, answer: Answer) -> None:
        """Store one answer to the message, then have it sent."""
        self.ordinal += 1

        def store() -> None:
            with transaction() as session:
                say_answer(
                    session,
                    conversation_id,
                    answer,
                    utc_now(),
                    reply_to=self._reply_to,
                    ordinal=self.ordinal,
                )

        await in_thread(store)
        await self._sender.send_queued(conversation_id)
