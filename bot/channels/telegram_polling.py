"""Asks Telegram for updates, in one process only, and confirms each after it is stored.

Telegram forgets an update when the next one is asked for, so what a crash left unstored comes
again. Which process asks is a lease in the database; another goes on when that one dies.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.channels.telegram_calls import seconds
from bot.channels.telegram_in import TelegramIn
from bot.channels.telegram_server import OptionalCalls
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.leases import give_up_lease, take_lease

logger = logging.getLogger(__name__)
LEASE_NAME = "telegram polling"
LEASE = timedelta(seconds=15)
WAIT_SECONDS = 5
"""How long Telegram holds an empty answer back; well within the lease."""
SHORTEST_WAIT_SECONDS = 0.5
AT_ONCE = 20
PAUSE_SECONDS = 2
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


class Polling:
    """The poller of this process."""

    def __init__(self, bot: Bot, way_in: TelegramIn) -> None:
        self._bot, self._in, self._optional = bot, way_in, OptionalCalls()
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
                        # Telegram sends updates either way, not both.
                        await self._optional.call("deleteWebhook", self._bot.delete_webhook())
                        prepared = True
                    await self._round()
                except RetryAfter as error:
                    await asyncio.sleep(seconds(error))
                except Conflict:  # another one asks, or a webhook was set meanwhile
                    prepared = False
                    logger.warning("Updates go to somebody else for now; trying again.")
                    await asyncio.sleep(PAUSE_SECONDS)
                except (TelegramError, SQLAlchemyError) as error:
                    logger.warning("No updates for now (%s).", type(error).__name__)
                    await asyncio.sleep(PAUSE_SECONDS)
                except Exception:  # the loop goes on whatever one round meets
                    logger.exception("Polling failed; trying again.")
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await asyncio.to_thread(self._give_up)

    async def _round(self) -> None:
        began = time.monotonic()
        updates = await self._bot.get_updates(
            offset=self._next, limit=AT_ONCE, timeout=WAIT_SECONDS, allowed_updates=UPDATES
        )
        new = [u for u in updates if self._next is None or u.update_id >= self._next]
        for update in new:
            try:
                await self._in.take(update)
            except SQLAlchemyError:
                raise  # it comes again
            except Exception:  # one update must not hold up all that follow
                logger.exception("Update %s was not taken.", update.update_id)
            self._next = update.update_id + 1
        if not new and time.monotonic() - began < SHORTEST_WAIT_SECONDS:
            await asyncio.sleep(SHORTEST_WAIT_SECONDS)  # this server holds no answer back

    def _is_ours(self) -> bool:
        with transaction() as session:
            return take_lease(session, LEASE_NAME, self._name, utc_now(), LEASE)

    def _give_up(self) -> None:
        with transaction() as session:
            give_up_lease(session, LEASE_NAME, self._name)
