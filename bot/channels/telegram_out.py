"""What goes out to Telegram: queued messages, refusals, typing signs.

Rows stay queued until Telegram took them: flood limits and failures of the network put them off,
in order. Telegram's id of each part is remembered as soon as it is sent, so that a message cut
off in the middle goes on where it was, and one that has changed is edited in place.
"""

from __future__ import annotations

import asyncio
import logging

from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.delivery import Delivery, NotNow
from bot.channels.in_thread import in_thread
from bot.channels.telegram_calls import ChatCalls, is_gone, seconds
from bot.channels.telegram_message import Outgoing, outgoing
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.telegram_chats import Chat
from bot.services.visible_messages import is_visible

logger = logging.getLogger(__name__)
BLOCKED_SECONDS = 300
NETWORK_SECONDS = 3
SIGNED_OUT_SECONDS = 1


class TelegramOut:
    """The way out of the Telegram channel."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._failures = 0
        self._typing: set[asyncio.Task[None]] = set()
        self.calls = ChatCalls(bot)
        self.delivery = Delivery(telegram_chats.CHANNEL, self.show)

    async def send_queued(self, conversation_id: str) -> None:
        """Send what is queued, in order."""
        await self.delivery.send_queued(conversation_id)

    async def typing(self, conversation_id: str, on: bool) -> None:
        """Show that an answer is being written; Telegram hides it by itself. Waits for nothing."""
        if on:
            sign = asyncio.ensure_future(self._show_typing(conversation_id))
            self._typing.add(sign)
            sign.add_done_callback(self._typing.discard)

    async def say(self, chat: int, text: str) -> None:
        """A refusal, which is stored nowhere; lost if Telegram doesn't take it."""
        try:
            await self._bot.send_message(chat, text)
        except TelegramError as error:
            logger.warning("A refusal was not sent: %s.", type(error).__name__)

    async def show(self, row: Message) -> None:
        """Send a stored message, or what is missing of it, or edit it.

        Raises:
            NotNow: Telegram can't take it now.
        """
        found = await in_thread(_load, row)
        if found is None:
            _check_unseen(row)
            return
        chat, made, refs = found
        if chat is None:
            logger.error("Conversation %s has no chat that can be read.", row.conversation_id)
            return
        if chat.blocked:
            raise NotNow(BLOCKED_SECONDS)
        try:
            await self._bring_up_to_date(row, chat.number, made, refs)
        except TelegramError as error:
            wait = await self._wait_after(row.conversation_id, error)
            if wait is not None:
                raise wait from error
        else:
            self._failures = 0

    async def _bring_up_to_date(
        self, row: Message, chat: int, made: Outgoing, refs: list[int]
    ) -> None:
        last = len(made.parts) - 1
        for index, part in enumerate(made.parts):
            keyboard = made.keyboard if index == last else None
            if index >= len(refs):
                ref = await self.calls.send(chat, part, keyboard)
                if not await in_thread(_remember, row.id, ref):
                    _check_unseen(row)
                    return
            elif row.revision > 0:
                await self.calls.edit(chat, refs[index], part, keyboard)
        for ref in refs[last + 1 :] if not row.attachment else ():
            await self.calls.take_out(chat, ref)
        if row.attachment and len(refs) <= len(made.parts):  # the file's own comes last
            file_ref = await self.calls.send_file(chat, row)
            if file_ref is not None and not await in_thread(_remember, row.id, file_ref):
                _check_unseen(row)

    async def _show_typing(self, conversation_id: str) -> None:
        try:
            chat = await asyncio.to_thread(_chat_of, conversation_id)
            if chat is not None and not chat.blocked:
                await self.calls.show_typing(chat.number)
        except Exception as error:  # a sign of typing is never worth an error
            logger.info("A typing sign was not sent: %s.", type(error).__name__)

    async def _wait_after(self, conversation_id: str, error: TelegramError) -> NotNow | None:
        """How long what Telegram did not take has to wait; None: it never will, so what follows
        is not held up by it."""
        if isinstance(error, RetryAfter):
            return NotNow(seconds(error), whole_channel=True)
        if isinstance(error, Forbidden) or is_gone(error):
            await in_thread(_note_blocked, conversation_id)
            return NotNow(BLOCKED_SECONDS)
        if isinstance(error, BadRequest):
            logger.error("A message of conversation %s can't be sent: %s", conversation_id, error)
            return None
        self._failures += 1
        logger.warning("Telegram does not answer (%s); trying again.", type(error).__name__)
        pause = NETWORK_SECONDS * 2 ** min(self._failures - 1, 4)
        return NotNow(pause, whole_channel=True)


def _load(row: Message) -> tuple[Chat | None, Outgoing, list[int]] | None:
    """Where a message goes, what it looks like there, and which parts of it stand there already;
    None: the patient has signed out since it was written."""
    now = utc_now()
    with transaction() as session:
        if not is_visible(session, row, now):
            return None
        refs = telegram_chats.refs_of(session.get(Message, row.id))
        made = outgoing(session, row, now, edited=row.revision > 0 and bool(refs))
        return telegram_chats.chat_of(session, row.conversation_id), made, refs


def _check_unseen(row: Message) -> None:
    """The patient has signed out while a message was on its way. An answer is over with that; what
    a coordinator wrote stays queued until they have verified again.

    Raises:
        NotNow: it stays queued.
    """
    if row.sender == "coordinator":
        raise NotNow(SIGNED_OUT_SECONDS)


def _remember(message_id: int, ref: int) -> bool:
    with transaction() as session:
        return telegram_chats.remember_ref(session, message_id, ref, utc_now())


def _chat_of(conversation_id: str) -> Chat | None:
    with transaction() as session:
        return telegram_chats.chat_of(session, conversation_id)


def _note_blocked(conversation_id: str) -> None:
    with transaction() as session:
        telegram_chats.note_blocked(session, conversation_id, utc_now())
