"""What comes from Telegram: texts, presses, commands, and who blocked us.

`TelegramIn.take` returns once an update is stored, so that Telegram may forget it; the turn runs
behind it. Everything a patient writes goes through `bot.channels.intake`, as from the web page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from telegram import Bot, CallbackQuery, Chat, ChatMemberUpdated, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.channels.intake import Intake, Receipt
from bot.channels.page_data import accepted_language
from bot.channels.telegram_commands import PAYLOADS, START, STOP, read_command
from bot.channels.telegram_message import read_button
from bot.channels.telegram_out import TelegramOut
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.chat_models import Conversation
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.invitations import open_invitation
from bot.services.transcript import Answer, store_answer

logger = logging.getLogger(__name__)
MEMBER = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)
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
        self._bot, self._out = bot, out
        self._intake = Intake(telegram_chats.CHANNEL, on_new_message, out)
        self._turns: set[asyncio.Task[None]] = set()
        self._albums: dict[int, str] = {}

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
            await self._membership(update.my_chat_member)
        elif update.callback_query is not None:
            await self._press(update.callback_query)
        elif message is not None and message.chat.type != ChatType.PRIVATE:
            await self._refuse_group(message.chat, _hint(message.from_user))
        elif message is not None:
            await self._message(message, edited=update.message is None)

    async def _message(self, message: TelegramMessage, *, edited: bool) -> None:
        chat, hint = message.chat.id, _hint(message.from_user)
        text = message.text or message.caption
        if not text:
            if not edited and message.effective_attachment:
                await self._only_text(message, hint)
            return
        await self._reachable(chat)
        # An edited message is a new text: what was answered to the old one stays said.
        own_id = f"t{message.message_id}"
        if edited and message.edit_date:
            own_id += f"e{int(message.edit_date.timestamp())}"
        command = None if edited else read_command(text)
        if command is not None and (command.name == STOP or command.link):
            leaves = command.name == STOP
            await (self._stop(chat, hint) if leaves else self._open(chat, command.link, hint))
            return
        conversation = await _conversation(chat)
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
        chat, hint, press = query.from_user.id, _hint(query.from_user), read_button(query.data)
        await self._reachable(chat)
        conversation = await _conversation(chat)
        own_id = f"c{query.id}"[:64]
        if press is not None and conversation.startswith(press.conversation):
            storing = self._intake.press(conversation, own_id, press.seq, press.button)
        else:
            storing = self._intake.command(conversation, own_id, f"/{START}", PAYLOADS[START])
        receipt = await storing
        self._begin(conversation, receipt, hint)
        try:
            notice = (receipt.error or "")[:LONGEST_NOTICE]
            await self._bot.answer_callback_query(query.id, notice, show_alert=bool(notice))
        except TelegramError as error:  # too late, or no network: the press itself is stored
            logger.info("A press was not acknowledged: %s.", type(error).__name__)

    async def _open(self, chat: int, link: str, hint: str | None) -> None:
        """An invitation link. Opening it spends nothing."""

        def welcome(session: Session, conversation: Conversation) -> str:
            known = open_invitation(session, conversation, link, utc_now())
            return "utter_invitation_welcome" if known else "utter_invitation_invalid"

        await self._say(chat, hint, welcome)

    async def _stop(self, chat: int, hint: str | None) -> None:
        """Signed out, answers taken back, and the conversation is over."""
        await self._say(chat, hint, lambda *_: "utter_stopped", leave=True)

    async def _only_text(self, message: TelegramMessage, hint: str | None) -> None:
        """A picture, a voice message …: say what is possible, once for a whole album."""
        album, chat = message.media_group_id, message.chat.id
        if album and self._albums.get(chat) == album:
            return
        if album:
            self._albums[chat] = album
        await self._say(chat, hint, lambda *_: "utter_telegram_text_only")

    async def _say(
        self,
        chat: int,
        hint: str | None,
        choose: Callable[[Session, Conversation], str],
        *,
        leave: bool = False,
    ) -> None:
        """Say a sentence outside of the dialogue, after `choose` has done what decides which."""

        def store() -> str:
            with transaction() as session:
                conversation = telegram_chats.open_chat(session, chat, utc_now())
                _tell(session, conversation, choose(session, conversation), hint)
                if leave:
                    telegram_chats.leave_chat(session, conversation.id, utc_now())
                return str(conversation.id)

        await self._out.send_queued(await _twice(store))

    async def _membership(self, change: ChatMemberUpdated) -> None:
        """Blocked or unblocked by a patient; or put into a group."""
        status = change.new_chat_member.status
        if change.chat.type != ChatType.PRIVATE:
            if status in MEMBER:
                await self._refuse_group(change.chat, _hint(change.from_user))
        elif status == ChatMemberStatus.BANNED:
            await asyncio.to_thread(_note_blocked, change.chat.id)
        elif status in MEMBER:
            await self._reachable(change.chat.id)

    async def _reachable(self, chat: int) -> None:
        conversation = await asyncio.to_thread(_note_reachable, chat)
        if conversation:
            self._out.delivery.wait_no_longer(conversation)

    async def _refuse_group(self, chat: Chat, hint: str | None) -> None:
        if chat.type == ChatType.CHANNEL:
            return
        try:
            await self._bot.send_message(
                chat.id, sentence("utter_telegram_private_only", hint).text
            )
            await self._bot.leave_chat(chat.id)
        except TelegramError as error:
            logger.info("A group was not left: %s.", type(error).__name__)

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


def _hint(user: Any) -> str | None:
    """The offered language of somebody's Telegram."""
    return accepted_language(user.language_code) if user is not None else None


async def _conversation(chat: int) -> str:
    def find() -> str:
        with transaction() as session:
            return str(telegram_chats.open_chat(session, chat, utc_now()).id)

    return await _twice(find)


async def _twice(work: Callable[[], str]) -> str:
    """Once more when another process opened the same chat at the same moment."""
    try:
        return await asyncio.to_thread(work)
    except IntegrityError:
        return await asyncio.to_thread(work)


def _tell(session: Session, conversation: Conversation, name: str, hint: str | None) -> None:
    said = sentence(name, conversation.language or hint)
    buttons = [{"title": b.title, "payload": b.payload} for b in said.buttons]
    english = sentence(name, "en").text
    answer = Answer(said.text, said.language, (name,), buttons, english=english)
    store_answer(session, conversation.id, answer, utc_now())


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
