"""Takes answers from the record out of Telegram's chats once their identity session has ended.

Runs beside the delivery for as long as the server does; started by `bot.channels.telegram`.
"""

from __future__ import annotations

import asyncio
import logging

from telegram.error import Forbidden, RetryAfter

from bot.channels.in_thread import in_thread
from bot.channels.telegram_calls import ChatCalls, seconds
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.telegram_chats import Chat, Shown

logger = logging.getLogger(__name__)
ROUND_SECONDS = 1
AFTER_FAILURE_SECONDS = 3


async def take_back_answers(calls: ChatCalls) -> None:
    """Look for what must go, and take it out of its chat."""
    while True:
        try:
            for shown in await asyncio.to_thread(_to_take_back):
                await _take_back(calls, shown)
        except RetryAfter as error:
            await asyncio.sleep(seconds(error))
        except Exception as error:  # goes on whatever one round meets
            logger.warning("Answers are not taken back yet: %s.", type(error).__name__)
            await asyncio.sleep(AFTER_FAILURE_SECONDS)
        await asyncio.sleep(ROUND_SECONDS)


async def _take_back(calls: ChatCalls, shown: Shown) -> None:
    chat = await in_thread(_chat_of, shown.conversation_id)
    try:
        if chat is not None:
            for ref in shown.refs:
                await calls.take_out(chat.number, ref)
    except Forbidden:
        await in_thread(_note_blocked, shown.conversation_id)
        return
    await in_thread(_note_taken_back, shown)


def _to_take_back() -> list[Shown]:
    with transaction() as session:
        return telegram_chats.to_take_back(session)


def _chat_of(conversation_id: str) -> Chat | None:
    with transaction() as session:
        return telegram_chats.chat_of(session, conversation_id)


def _note_blocked(conversation_id: str) -> None:
    with transaction() as session:
        telegram_chats.note_blocked(session, conversation_id, utc_now())


def _note_taken_back(shown: Shown) -> None:
    with transaction() as session:
        telegram_chats.note_taken_back(session, shown)
