"""Who may talk with the bot: patients block it and come back, groups are left.

Called by `bot.channels.telegram_in`.
"""

from __future__ import annotations

import asyncio
import logging

from telegram import Bot, Chat, ChatMemberUpdated
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.channels.telegram_out import TelegramOut
from bot.channels.telegram_who import hint_of
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services import telegram_chats

logger = logging.getLogger(__name__)
MEMBER = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)


class Members:
    """Keeps who can be reached."""

    def __init__(self, bot: Bot, out: TelegramOut) -> None:
        self._bot, self._out = bot, out

    async def changed(self, change: ChatMemberUpdated) -> None:
        """Blocked or unblocked by a patient; or put into a group."""
        status = change.new_chat_member.status
        if change.chat.type != ChatType.PRIVATE:
            if status in MEMBER:
                await self.refuse_group(change.chat, hint_of(change.from_user))
        elif status == ChatMemberStatus.BANNED:
            await asyncio.to_thread(_note_blocked, change.chat.id)
        elif status in MEMBER:
            await self.heard_from(change.chat.id)

    async def heard_from(self, chat: int) -> None:
        """The patient can be reached: what waited goes out."""
        conversation = await asyncio.to_thread(_note_reachable, chat)
        if conversation:
            self._out.delivery.wait_no_longer(conversation)

    async def refuse_group(self, chat: Chat, hint: str | None) -> None:
        """Say that a talk is private, and leave."""
        if chat.type == ChatType.CHANNEL:
            return
        refusal = sentence("utter_telegram_private_only", hint).text
        try:
            await self._bot.send_message(chat.id, refusal)
            await self._bot.leave_chat(chat.id)
        except TelegramError as error:
            logger.info("A group was not left: %s.", type(error).__name__)


def _note_blocked(chat: int) -> None:
    with transaction() as session:
        conversation = telegram_chats.open_conversation_of(session, chat)
        if conversation:
            telegram_chats.note_blocked(session, conversation, utc_now())


def _note_reachable(chat: int) -> str | None:
    """The conversation of a chat that can be reached again; None: it always could."""
    with transaction() as session:
        conversation = telegram_chats.open_conversation_of(session, chat)
        again = conversation and telegram_chats.note_reachable(session, conversation)
        return conversation if again else None
