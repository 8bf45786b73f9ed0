"""Database work beside the event loop, with patience: locked or gone for a moment is not lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)
PAUSES_SECONDS = (0.5, 1, 2, 5, 10, 20, 40)
"""Between tries; a locked SQLite waits 5 s at each try besides."""

Result = TypeVar("Result")


async def in_thread(function: Callable[..., Result], *args: object) -> Result:
    """Run a transaction in a thread; when the database fails, try again, some times.

    Raises:
        SQLAlchemyError: it failed at the last try too.
    """
    for pause in PAUSES_SECONDS:
        try:
            return await asyncio.to_thread(function, *args)
        except SQLAlchemyError as error:
            logger.warning("The database failed (%s); trying again.", type(error).__name__)
            await asyncio.sleep(pause)
    return await asyncio.to_thread(function, *args)
