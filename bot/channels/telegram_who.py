"""Who writes on Telegram: the conversation of a chat, and the language of somebody's Telegram.

Used by what comes in (`bot.channels.telegram_in` and the modules it calls).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from bot.channels.page_data import accepted_language
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services import telegram_chats


async def conversation_of(chat: int) -> str:
    """The id of a chat's conversation; a new one for a new chat."""

    def find() -> str:
        with transaction() as session:
            return str(telegram_chats.open_chat(session, chat, utc_now()).id)

    return await twice(find)


def hint_of(user: Any) -> str | None:
    """The offered language of somebody's Telegram."""
    return accepted_language(user.language_code) if user is not None else None


async def twice(work: Callable[[], str]) -> str:
    """Once more when another process opened the same chat at the same moment."""
    try:
        return await asyncio.to_thread(work)
    except IntegrityError:
        return await asyncio.to_thread(work)
