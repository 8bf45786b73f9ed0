"""Asks Telegram for updates, in one process only, and confirms each after it is stored.

Telegram forgets an update when the next one is asked for, so what a crash left unstored comes
again. Which process asks is a lease in the database; another goes on when that one dies.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.channels.telegram_in import TelegramIn
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.leases import give_up_lease, take_lease

logger = logging.getLogger(__name__)
LEASE_NAME = "telegram polling"
LEASE = timedelta(seconds=15)
WAIT_SECONDS = 5
"""How long Telegram holds an empty answer back; well within the lease."""
AT_ONCE = 20
PAUSE_SECONDS = 2
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


class Polling:
    """The poller of this process."""

    def __init__(self, bot: Bot, way_in: TelegramIn) -> None:
        self._bot, self._in = bot, way_in
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self._next: int | None = None

    async def run(self) -> None:
        """Poll while the lease is ours, for as long as the server runs."""
        prepared = False
        try:
            while True:
                try:
                    if not await asyncio.to_thread(self._is_ours):
                        prepared = False
                        await asyncio.sleep(PAUSE_SECONDS)
                        continue
                    if not prepared:
                        await self._bot.delete_webhook()  # Telegram does one of the two
                        prepared = True
                    await self._round()
                except RetryAfter as error:
                    await asyncio.sleep(float(error.retry_after))  # type: ignore[arg-type]
                except (TelegramError, SQLAlchemyError) as error:
                    logger.warning("No updates for now (%s).", type(error).__name__)
                    await asyncio.sleep(PAUSE_SECONDS)
                except Exception:  # the loop goes on whatever one round meets
                    logger.exception("Polling failed; trying again.")
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await asyncio.to_thread(self._give_up)

    async def _round(self) -> None:
        updates = await self._bot.get_updates(
            offset=self._next, limit=AT_ONCE, timeout=WAIT_SECONDS, allowed_updates=UPDATES
        )
        for update in updates:
            try:
                await self._in.take(update)
            except SQLAlchemyError:
                raise  # it comes again
            except Exception:  # one update must not hold up all that follow
                logger.exception("Update %s was not taken.", update.update_id)
            self._next = update.update_id + 1

    def _is_ours(self) -> bool:
        with transaction() as session:
            return take_lease(session, LEASE_NAME, self._name, utc_now(), LEASE)

    def _give_up(self) -> None:
        with transaction() as session:
            give_up_lease(session, LEASE_NAME, self._name)
