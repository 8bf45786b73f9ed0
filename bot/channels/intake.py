"""The one door for every channel: check, seal, store, acknowledge; then Rasa, then the net.

A channel calls `receive` (or `press`, `command`), which returns once the message is stored, and
then `answer`, which runs Rasa's turn. Whatever happens there, the patient gets an answer: a red
flag its card, anything else at least one clear sentence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import UserMessage
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.channels.bare_words import words_that_refuse
from bot.channels.door import Checked, check, is_flagged
from bot.channels.in_thread import in_thread
from bot.channels.output import RecordedOutput, Sender
from bot.language.catalogues import get_catalogues
from bot.language.sentences import sentence
from bot.pathway.folding import fold
from bot.pathway.red_flags import Outcome, RedFlag, all_lexicons
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services import transcript, turns
from bot.services.conversations import get_conversation
from bot.services.handoffs import bot_is_silent, open_chat_of
from bot.services.identity import touch_identity
from bot.services.seal import seal_text
from bot.services.transcript import Answer
from bot.services.translations import want_translations
from bot.services.visible_messages import is_visible
from bot.settings import get_settings

logger = logging.getLogger(__name__)
RESUME_AGE = timedelta(days=1)
"""A message that a crash left unanswered longer than this is not answered any more."""


@dataclass(frozen=True)
class Receipt:
    """What the channel tells the patient's page: stored under this number, or refused."""

    ok: bool
    seq: int | None = None
    message_id: int | None = None
    error: str | None = None
    new: bool = True


class Intake:
    """One a channel; safe to call for several conversations at once."""

    def __init__(
        self,
        channel: str,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        sender: Sender,
    ) -> None:
        self._channel, self._run_turn, self._sender = channel, on_new_message, sender
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def receive(
        self, conversation_id: str, message_id: str, text: str, language: str | None
    ) -> Receipt:
        """Check, seal and store a text.

        Args:
            message_id: the channel's own; the same one again changes nothing.
            language: for a refusal, when the database can't be asked.
        """
        longest = get_settings().message_max_length
        checked = await asyncio.to_thread(check, text, all_lexicons(), longest)
        try:
            return await self._in_order(
                conversation_id,
                lambda: self._store_text(conversation_id, message_id, checked, language),
            )
        except SQLAlchemyError:
            logger.exception("A message of conversation %s was not stored.", conversation_id)
            name = _card(checked.red_flag) or "utter_try_again"
            return Receipt(False, error=sentence(name, language).text)

    async def press(self, conversation_id: str, message_id: str, seq: int, button: int) -> Receipt:
        """A quick reply: the payload is looked up in the message that offered it."""

        def store() -> Receipt:
            now = utc_now()
            with transaction() as session:
                conversation = get_conversation(session, conversation_id)
                row = transcript.message_by_seq(session, conversation_id, seq)
                if row is None or not _offers(session, row, button, now):
                    text = sentence("utter_not_understood", conversation.language).text
                    return Receipt(False, error=text)
                chosen = row.buttons[button]
                touch_identity(session, conversation_id, now)
                stored, new = transcript.store_patient_message(
                    session,
                    conversation_id,
                    message_id,
                    chosen["title"],
                    now,
                    payload=chosen["payload"],
                    english=chosen.get("english"),
                    identity_session_id=row.identity_session_id,
                )
                return Receipt(True, stored.seq, stored.id, new=new)

        return await self._in_order(conversation_id, store)

    async def command(
        self, conversation_id: str, message_id: str, text: str, payload: str
    ) -> Receipt:
        """A payload that the channel itself issues (a language picked, a link opened)."""

        def store() -> Receipt:
            now = utc_now()
            with transaction() as session:
                get_conversation(session, conversation_id)
                touch_identity(session, conversation_id, now)
                stored, new = transcript.store_patient_message(
                    session, conversation_id, message_id, text, now, payload=payload
                )
                return Receipt(True, stored.seq, stored.id, new=new)

        return await self._in_order(conversation_id, store)

    async def _in_order(self, conversation_id: str, store: Callable[[], Receipt]) -> Receipt:
        """Store one after another as they came: threads overtake each other at the database."""
        lock = self._doors.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            return await asyncio.to_thread(store)

    def _store_text(
        self, conversation_id: str, message_id: str, checked: Checked, language: str | None
    ) -> Receipt:
        now, settings = utc_now(), get_settings()
        with transaction() as session:
            conversation = get_conversation(session, conversation_id)
            language = conversation.language or language
            if not checked.text:
                return Receipt(False, error=sentence("utter_no_words", language).text)
            recent = transcript.count_recent(session, conversation_id, now)
            if recent >= settings.messages_per_minute and not is_flagged(checked):
                return Receipt(False, error=sentence("utter_slow_down", language).text)
            touch_identity(session, conversation_id, now)
            awaiting = _awaiting(conversation, checked.text)
            sealed = seal_text(session, conversation_id, checked.text, now, awaiting)
            row, new = transcript.store_patient_message(
                session,
                conversation_id,
                message_id,
                sealed,
                now,
                payload=_typed_button(session, conversation_id, checked.text),
                red_flag=checked.red_flag.as_dict() | {"too_long": checked.too_long},
            )
            chat = open_chat_of(session, conversation_id)
            if chat is not None:
                want_translations(session, chat)
            return Receipt(True, row.seq, row.id, new=new)

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
        rendered = sentence(name, language)
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


def _offers(session: Session, row: Message, button: int, now: datetime) -> bool:
    """Whether a message that may be shown now has that quick reply."""
    known = row.sender == "bot" and 0 <= button < len(row.buttons)
    return known and is_visible(session, row, now)


def _typed_button(session: Session, conversation_id: str, text: str) -> str | None:
    """The payload of a quick reply of the newest answer whose title was typed instead."""
    row = transcript.newest_answer(session, conversation_id)
    offered = {fold(button["title"]): button["payload"] for button in (row.buttons if row else ())}
    return offered.get(fold(text))


def _awaiting(conversation: Conversation, text: str) -> str | None:
    """What was asked for, unless the text is one of our own quick replies typed out, or stops."""
    bare = fold(text)
    stops = conversation.awaiting == "family_name" and bare in words_that_refuse()
    return None if stops or bare in _button_titles() else conversation.awaiting


@lru_cache(maxsize=1)
def _button_titles() -> frozenset[str]:
    catalogues = get_catalogues()
    titles = {b.title for r in catalogues.responses.values() for b in r.buttons}
    return frozenset(
        fold(catalogues.translate("button", title, language))
        for title in titles
        for language in catalogues.states
    )


def _card(flag: RedFlag) -> str | None:
    sure = flag.outcome is Outcome.CARD and flag.card
    return f"utter_card_{flag.card.value}" if sure and flag.card else None


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
