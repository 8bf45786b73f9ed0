"""The one door for every channel: check, seal, store, acknowledge.

A channel calls `receive` (or `press`, `command`), which returns once the message is stored, and
then `answer`, which runs Rasa's turn (`bot.channels.turn_runner`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import UserMessage
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.channels.bare_words import words_that_refuse
from bot.channels.door import Checked, check, is_flagged
from bot.channels.output import Sender
from bot.channels.turn_runner import TurnRunner
from bot.language.catalogues import get_catalogues
from bot.language.sentences import sentence
from bot.pathway.folding import fold
from bot.pathway.lexicon import all_lexicons
from bot.pathway.red_flags import Outcome, RedFlag
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services import transcript
from bot.services.conversations import get_conversation
from bot.services.handoffs import open_chat_of
from bot.services.identity import touch_identity
from bot.services.seal import seal_text
from bot.services.translations import want_translations
from bot.services.visible_messages import is_visible
from bot.settings import get_settings

logger = logging.getLogger(__name__)


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
        self._channel = channel
        self._turns = TurnRunner(channel, on_new_message, sender)
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
            return Receipt(False, error=sentence(name, language, channel=self._channel).text)

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
        """Run the turn of a stored message."""
        await self._turns.answer(conversation_id, message_id, hint)

    async def resume(self) -> int:
        """Answer what a crash left unanswered, in order; returns how many."""
        return await self._turns.resume()


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
