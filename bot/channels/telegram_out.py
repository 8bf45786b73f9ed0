"""What goes out to Telegram: queued messages, typing signs, and what must be taken back.

Rows stay queued until Telegram took them: flood limits and failures of the network put them off,
in order. Telegram's id of each part is remembered as soon as it is sent, so that a message cut
off in the middle goes on where it was, and one that has changed is edited in place.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram import Message as TelegramMessage
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.delivery import Delivery, NotNow
from bot.channels.in_thread import in_thread
from bot.channels.page_data import HIDDEN
from bot.channels.telegram_files import send_file
from bot.channels.telegram_message import Outgoing, outgoing
from bot.channels.telegram_pace import Pace
from bot.channels.telegram_text import bare
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.telegram_chats import Chat, Shown
from bot.services.visible_messages import is_visible

logger = logging.getLogger(__name__)
BLOCKED_SECONDS = 300
NETWORK_SECONDS = 3
TAKE_BACK_SECONDS = 1
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
GONE = ("chat not found", "user is deactivated")


class TelegramOut:
    """The way out of the Telegram channel."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._pace = Pace()
        self._failures = 0
        self._typing: set[asyncio.Task[None]] = set()
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

        def load() -> tuple[Chat | None, Outgoing, list[int]] | None:
            now = utc_now()
            with transaction() as session:
                if not is_visible(session, row, now):
                    return None  # signed out since it was written
                refs = telegram_chats.refs_of(session.get(Message, row.id))
                made = outgoing(session, row, now, edited=row.revision > 0 and bool(refs))
                return telegram_chats.chat_of(session, row.conversation_id), made, refs

        found = await in_thread(load)
        if found is None:
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
                sent = await self._send(chat, part, keyboard)
                refs.append(sent.message_id)
                await in_thread(_remember, row.id, refs)
            elif row.revision > 0:
                await self._edit(chat, refs[index], part, keyboard)
        for ref in refs[last + 1 :] if not row.attachment else ():
            await self._take_out(chat, ref)
        if row.attachment and len(refs) == len(made.parts):
            await self._pace.turn()
            file = await send_file(self._bot, chat, row)
            if file is not None:
                await in_thread(_remember, row.id, [*refs, file.message_id])

    async def _send(
        self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None
    ) -> TelegramMessage:
        """Send one part. Should Telegram dislike its form, its bare words matter more."""
        await self._pace.turn()
        try:
            return await self._bot.send_message(
                chat,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            if _is_gone(error):
                raise
            logger.error("Telegram refuses the form of a message: %s.", error.message)
            return await self._bot.send_message(chat, bare(text))

    async def _edit(
        self, chat: int, ref: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        await self._pace.turn()
        try:
            await self._bot.edit_message_text(
                text,
                chat,
                ref,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:  # the same already, or deleted by the patient
            logger.info("A message was not edited: %s.", error.message)

    async def take_back(self) -> None:
        """Take answers from the record out of the chats, once their identity session has ended."""
        while True:
            try:
                for shown in await asyncio.to_thread(_to_take_back):
                    await self._take_back(shown)
            except RetryAfter as error:
                await asyncio.sleep(_seconds(error))
            except Exception as error:  # goes on whatever one round meets
                logger.warning("Answers are not taken back yet: %s.", type(error).__name__)
                await asyncio.sleep(NETWORK_SECONDS)
            await asyncio.sleep(TAKE_BACK_SECONDS)

    async def _take_back(self, shown: Shown) -> None:
        chat = await in_thread(_chat_of, shown.conversation_id)
        try:
            if chat is not None:
                for ref in shown.refs:
                    await self._take_out(chat.number, ref)
        except Forbidden:
            await in_thread(_note_blocked, shown.conversation_id)
            return
        await in_thread(_note_taken_back, shown.message_id)

    async def _take_out(self, chat: int, ref: int) -> None:
        """Delete; what Telegram doesn't delete any more (after 48 hours) is blotted out."""
        await self._pace.turn()
        try:
            await self._bot.delete_message(chat, ref)
        except BadRequest:
            await self._edit(chat, ref, HIDDEN)

    async def _show_typing(self, conversation_id: str) -> None:
        try:
            chat = await asyncio.to_thread(_chat_of, conversation_id)
            if chat is not None and not chat.blocked:
                await self._bot.send_chat_action(chat.number, ChatAction.TYPING)
        except Exception as error:  # a sign of typing is never worth an error
            logger.info("A typing sign was not sent: %s.", type(error).__name__)

    async def _wait_after(self, conversation_id: str, error: TelegramError) -> NotNow | None:
        """How long what Telegram did not take has to wait; None: it never will, so what follows
        is not held up by it."""
        if isinstance(error, RetryAfter):
            return NotNow(_seconds(error), whole_channel=True)
        if isinstance(error, Forbidden) or _is_gone(error):
            await in_thread(_note_blocked, conversation_id)
            return NotNow(BLOCKED_SECONDS)
        if isinstance(error, BadRequest):
            logger.error("A message of conversation %s can't be sent: %s", conversation_id, error)
            return None
        self._failures += 1
        logger.warning("Telegram does not answer (%s); trying again.", type(error).__name__)
        pause = NETWORK_SECONDS * 2 ** min(self._failures - 1, 4)
        return NotNow(pause, whole_channel=True)


def _is_gone(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and error.message.lower().startswith(GONE)


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _remember(message_id: int, refs: list[int]) -> None:
    with transaction() as session:
        telegram_chats.remember_refs(session, message_id, refs)


def _chat_of(conversation_id: str) -> Chat | None:
    with transaction() as session:
        return telegram_chats.chat_of(session, conversation_id)


def _note_blocked(conversation_id: str) -> None:
    with transaction() as session:
        telegram_chats.note_blocked(session, conversation_id, utc_now())


def _to_take_back() -> list[Shown]:
    with transaction() as session:
        return telegram_chats.to_take_back(session)


def _note_taken_back(message_id: int) -> None:
    with transaction() as session:
        telegram_chats.note_taken_back(session, message_id)
