"""What is said on Telegram outside of the dialogue: a link was opened, the patient stops, or sent
something that can't be read.

Called by `bot.channels.telegram_in`. Each is stored as an answer and sent by the delivery.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session
from telegram import Message as TelegramMessage

from bot.channels.telegram_out import TelegramOut
from bot.channels.telegram_who import twice
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.chat_models import Conversation
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.invitations import open_invitation
from bot.services.transcript import Answer, store_answer


class Asides:
    """Says what Rasa has no part in."""

    def __init__(self, out: TelegramOut) -> None:
        self._out = out
        self._albums: dict[int, str] = {}

    async def open_link(self, chat: int, link: str, hint: str | None) -> None:
        """An invitation link. Opening it spends nothing."""

        def welcome(session: Session, conversation: Conversation) -> str:
            known = open_invitation(session, conversation, link, utc_now())
            return "utter_invitation_welcome" if known else "utter_invitation_invalid"

        await self._say(chat, hint, welcome)

    async def stop(self, chat: int, hint: str | None) -> None:
        """Signed out, answers taken back, and the conversation is over."""
        await self._say(chat, hint, lambda *_: "utter_stopped", leave=True)

    async def only_text(self, message: TelegramMessage, hint: str | None) -> None:
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
        """Say the sentence that `choose` names, after it has done what decides which."""

        def store() -> str:
            with transaction() as session:
                conversation = telegram_chats.open_chat(session, chat, utc_now())
                _tell(session, conversation, choose(session, conversation), hint)
                if leave:
                    telegram_chats.leave_chat(session, conversation.id, utc_now())
                return str(conversation.id)

        await self._out.send_queued(await twice(store))


def _tell(session: Session, conversation: Conversation, name: str, hint: str | None) -> None:
    said = sentence(name, conversation.language or hint)
    buttons = [{"title": b.title, "payload": b.payload} for b in said.buttons]
    english = sentence(name, "en").text
    answer = Answer(said.text, said.language, (name,), buttons, english=english)
    store_answer(session, conversation.id, answer, utc_now())
