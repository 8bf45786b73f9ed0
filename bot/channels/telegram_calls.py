"""The calls of the Bot API that change a chat: paced, and with what is left when one is refused.

Used by `bot.channels.telegram_out` and `bot.channels.telegram_taking_back`. Errors that say "not
now" or "never to this chat" are raised; they are the caller's to judge.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels.page_data import HIDDEN
from bot.channels.telegram_files import send_file
from bot.channels.telegram_pace import Pace
from bot.channels.telegram_server import LACKING, OptionalCalls
from bot.channels.telegram_text import bare
from bot.records.chat_models import Message

logger = logging.getLogger(__name__)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
GONE = ("chat not found", "user is deactivated")


class ChatCalls:
    """Sends, edits and takes out, at the pace that Telegram allows."""

    def __init__(self, bot: Bot) -> None:
        self._bot, self._pace, self._optional = bot, Pace(), OptionalCalls()

    async def show_typing(self, chat: int) -> None:
        """Show that an answer is being written; Telegram hides it by itself."""
        await self._optional.call(
            "sendChatAction", self._bot.send_chat_action(chat, ChatAction.TYPING)
        )

    async def acknowledge(self, query: str, notice: str) -> None:
        """Answer a press, with a notice or silently. The press itself is stored before."""
        said = self._bot.answer_callback_query(query, notice, show_alert=bool(notice))
        await self._optional.call("answerCallbackQuery", said)

    async def send(self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None) -> int:
        """Send one part; returns Telegram's id of it. Should Telegram dislike its form, its bare
        words matter more."""
        await self._pace.turn()
        try:
            sent = await self._bot.send_message(
                chat,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            if is_gone(error):
                raise
            logger.error("Telegram refuses the form of a message: %s.", error.message)
            sent = await self._bot.send_message(chat, bare(text))
        return sent.message_id

    async def send_file(self, chat: int, row: Message) -> int | None:
        """Send what goes with a message; returns Telegram's id of it, None: nothing does."""
        await self._pace.turn()
        file = await send_file(self._bot, chat, row)
        return file.message_id if file is not None else None

    async def edit(
        self, chat: int, ref: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Change what stands in a chat; nothing when it is the same, or deleted by the patient."""
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
        except BadRequest as error:
            logger.info("A message was not edited: %s.", error.message)

    async def take_out(self, chat: int, ref: int) -> None:
        """Delete; what Telegram doesn't delete any more (after 48 hours) is blotted out."""
        await self._pace.turn()
        try:
            await self._bot.delete_message(chat, ref)
        except LACKING:
            await self.edit(chat, ref, HIDDEN)


def is_gone(error: TelegramError) -> bool:
    """Whether the chat is there no more."""
    return isinstance(error, BadRequest) and error.message.lower().startswith(GONE)


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
