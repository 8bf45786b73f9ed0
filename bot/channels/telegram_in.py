"""What comes from Telegram: texts, presses, commands.

`TelegramIn.take` returns once an update is stored, so that Telegram may forget it; the turn runs
behind it. Everything a patient writes goes through `bot.channels.intake`, as from the web page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from telegram import Bot, CallbackQuery, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatType

from bot.channels.intake import Intake, Receipt
from bot.channels.telegram_asides import Asides
from bot.channels.telegram_commands import PAYLOADS, START, STOP, read_command
from bot.channels.telegram_members import Members
from bot.channels.telegram_message import read_button
from bot.channels.telegram_out import TelegramOut
from bot.channels.telegram_who import conversation_of, hint_of
from bot.services.telegram_chats import CHANNEL

LONGEST_NOTICE = 200
"""Characters of the notice that answers a press."""


class TelegramIn:
    """The way in of the Telegram channel."""

    def __init__(
        self,
        bot: Bot,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        out: TelegramOut,
    ) -> None:
        self._out = out
        self._intake = Intake(CHANNEL, on_new_message, out)
        self._asides, self._members = Asides(out), Members(bot, out)
        self._turns: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Answer what was stored before a crash."""
        await self._intake.resume()

    async def take(self, update: Update) -> None:
        """Store what an update brings. The same one again changes nothing.

        Raises:
            SQLAlchemyError: it could not be stored, and has to come again.
        """
        message = update.message or update.edited_message
        if update.my_chat_member is not None:
            await self._members.changed(update.my_chat_member)
        elif update.callback_query is not None:
            await self._press(update.callback_query)
        elif message is not None and message.chat.type != ChatType.PRIVATE:
            await self._members.refuse_group(message.chat, hint_of(message.from_user))
        elif message is not None:
            await self._message(message, edited=update.message is None)

    async def _message(self, message: TelegramMessage, *, edited: bool) -> None:
        chat, hint = message.chat.id, hint_of(message.from_user)
        text = message.text or message.caption
        if not text:
            if not edited and message.effective_attachment:
                await self._asides.only_text(message, hint)
            return
        await self._members.heard_from(chat)
        command = None if edited else read_command(text)
        if command is not None and command.name == STOP:
            await self._asides.stop(chat, hint)
            return
        if command is not None and command.link:
            await self._asides.open_link(chat, command.link, hint)
            return
        conversation = await conversation_of(chat)
        own_id = _own_id(message, edited=edited)
        if command is not None:
            payload = PAYLOADS[command.name]
            storing = self._intake.command(conversation, own_id, text.strip(), payload)
        else:
            storing = self._intake.receive(conversation, own_id, text, hint)
        receipt = await storing
        if not self._begin(conversation, receipt, hint) and receipt.error:
            await self._out.say(chat, receipt.error)

    async def _press(self, query: CallbackQuery) -> None:
        """A quick reply. One of a conversation that has ended begins the new one with a greeting:
        its number would mean another message here."""
        chat, hint, press = query.from_user.id, hint_of(query.from_user), read_button(query.data)
        await self._members.heard_from(chat)
        conversation = await conversation_of(chat)
        own_id = f"c{query.id}"[:64]
        if press is not None and conversation.startswith(press.conversation):
            storing = self._intake.press(conversation, own_id, press.seq, press.button)
        else:
            storing = self._intake.command(conversation, own_id, f"/{START}", PAYLOADS[START])
        receipt = await storing
        self._begin(conversation, receipt, hint)
        await self._out.calls.acknowledge(query.id, (receipt.error or "")[:LONGEST_NOTICE])

    def _begin(self, conversation: str, receipt: Receipt, hint: str | None) -> bool:
        """Run the turn of a stored message in the background; False: it was refused."""
        if not receipt.ok or receipt.message_id is None:
            return False
        if receipt.new:
            turn = asyncio.ensure_future(
                self._intake.answer(conversation, receipt.message_id, hint)
            )
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return True


def _own_id(message: TelegramMessage, *, edited: bool) -> str:
    """The message's id for us. An edited one is a new text: what was answered to the old one stays
    said."""
    changed = f"e{int(message.edit_date.timestamp())}" if edited and message.edit_date else ""
    return f"t{message.message_id}{changed}"
