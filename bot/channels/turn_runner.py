"""Runs Rasa's turn of a stored message, then casts the net under it.

Called by `bot.channels.intake`. Whatever happens in Rasa, the patient gets an answer: a red flag
its card, anything else at least one clear sentence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import UserMessage

from bot.channels.in_thread import in_thread
from bot.channels.output import RecordedOutput, Sender
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services import turns
from bot.services.handoffs import bot_is_silent
from bot.services.transcript import Answer
from bot.settings import get_settings

logger = logging.getLogger(__name__)
RESUME_AGE = timedelta(days=1)
"""A message that a crash left unanswered longer than this is not answered any more."""


class TurnRunner:
    """One a channel; turns of several conversations run at once."""

    def __init__(
        self,
        channel: str,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        sender: Sender,
    ) -> None:
        self._channel, self._run_turn, self._sender = channel, on_new_message, sender
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, conversation_id: str, message_id: int, hint: str | None = None) -> None:
        """Run the turn of a stored message; turns of one conversation come one after another,
        and what came before it, and a crash or a lost database left unanswered, comes first."""
        lock = self._turns.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            for row in await in_thread(_unanswered_until, conversation_id, message_id):
                await self._sender.typing(conversation_id, True)
                try:
                    await self._answer(row, hint)
                finally:
                    await self._sender.typing(conversation_id, False)

    async def _answer(self, row: Message, hint: str | None) -> None:
        output = RecordedOutput(self._channel, self._sender, row.id)
        found = row.red_flag or {}
        silent = await in_thread(_is_silent, row)
        message = UserMessage(
            row.payload or row.text,
            output,
            row.conversation_id,
            input_channel=self._channel,
            message_id=str(row.id),
            metadata={"language_hint": hint, "red_flag": found, "with_coordinator": silent},
        )
        failed = False
        try:
            await asyncio.wait_for(self._run_turn(message), get_settings().turn_timeout_seconds)
        except Exception:  # Rasa's turn may fail in any way; the patient is answered all the same
            logger.exception("The turn of message %s failed.", row.id)
            failed = True
        await self._net(row, output, found, failed)
        await in_thread(_mark_answered, row.id)

    async def _net(
        self, row: Message, output: RecordedOutput, found: dict[str, Any], failed: bool
    ) -> None:
        """What the turn itself has left out: the card of a red flag, or any answer at all."""
        said = await in_thread(_said, row.id)
        language = await in_thread(_language_of, row.conversation_id)
        silent = await in_thread(_is_silent, row)
        card = _card_of_dict(found)
        if card and not any(name.startswith("utter_card_") for name in said):
            await self._say(row.conversation_id, output, card, language)
        elif (failed or not said) and not silent:
            await self._say(row.conversation_id, output, "utter_try_again", language)
        if found.get("too_long") and not silent:
            await self._say(row.conversation_id, output, "utter_too_long", language)

    async def _say(
        self, conversation_id: str, output: RecordedOutput, name: str, language: str | None
    ) -> None:
        rendered = sentence(name, language, channel=self._channel)
        buttons = [{"title": b.title, "payload": b.payload} for b in rendered.buttons]
        answer = Answer(rendered.text, rendered.language, (name,), buttons)
        await output.say(conversation_id, answer)

    async def resume(self) -> int:
        """Answer what a crash left unanswered, in order; returns how many."""

        def load() -> list[Message]:
            with transaction() as session:
                return turns.unanswered(session, self._channel, utc_now() - RESUME_AGE)

        rows = await in_thread(load)
        for row in rows:
            try:
                await self.answer(row.conversation_id, row.id)
            except Exception:  # one message that can't be answered must not silence the others
                logger.exception("Message %s was not answered after the start.", row.id)
        return len(rows)


def _card_of_dict(found: dict[str, Any]) -> str | None:
    return f"utter_card_{found['card']}" if found.get("outcome") == "card" else None


def _unanswered_until(conversation_id: str, message_id: int) -> list[Message]:
    with transaction() as session:
        return turns.unanswered_until(session, conversation_id, message_id, utc_now() - RESUME_AGE)


def _said(message_id: int) -> list[str]:
    with transaction() as session:
        rows = turns.answers_to(session, message_id)
        return [name for row in rows for name in (row.response or "").split(",")]


def _language_of(conversation_id: str) -> str | None:
    with transaction() as session:
        conversation = session.get(Conversation, conversation_id)
        return conversation.language if conversation else None


def _is_silent(row: Message) -> bool:
    with transaction() as session:
        return bot_is_silent(session, row.conversation_id, utc_now(), row.payload)


def _mark_answered(message_id: int) -> None:
    with transaction() as session:
        turns.mark_answered(session, message_id)
