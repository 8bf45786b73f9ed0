"""A message's file as a Telegram document, sent after its words. Called by `telegram_out`."""

from __future__ import annotations

from telegram import Bot, InputFile
from telegram import Message as TelegramMessage

from bot.channels.in_thread import in_thread
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services.calendar_file import CalendarFile, file_of


async def send_file(bot: Bot, chat: int, row: Message) -> TelegramMessage | None:
    """Send what goes with a message; None: nothing does, or it may not be shown any more.

    Raises:
        TelegramError: Telegram did not take it.
    """
    found = await in_thread(_load, row.id)
    if found is None:
        return None
    return await bot.send_document(chat, InputFile(found.content, filename=found.name))


def _load(message_id: int) -> CalendarFile | None:
    with transaction() as session:
        return file_of(session, session.get(Message, message_id), utc_now())
