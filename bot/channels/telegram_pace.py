"""At most so many messages a second: Telegram allows a bot about 30 in all.

What goes over its limits nevertheless gets 429 and waits (`bot.channels.telegram_out`).
"""

from __future__ import annotations

import asyncio
import time

PER_SECOND = 25


class Pace:
    """Gives out turns, evenly."""

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._apart = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = time.monotonic()
        mine = max(now, self._next)
        self._next = mine + self._apart
        if mine > now:
            await asyncio.sleep(mine - now)
