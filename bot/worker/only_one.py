"""Of several workers on one database one acts; the others wait to take its place.

On PostgreSQL the one holds an advisory lock for as long as its connection lives: when it dies,
or its machine is cut off, the server gives the lock to the next that asks. A site on SQLite has
one machine and one worker.
"""

from __future__ import annotations

import logging
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)
LOCK = 0x5741594D41524B  # "WAYMARK"; others on this database may have locks of their own


class OnlyOne:
    """The right to act."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._needed = engine.dialect.name == "postgresql"
        self._connection: Connection | None = None

    def is_ours(self) -> bool:
        """Take the right if it is free, or make sure that it is still held; asked each second."""
        if not self._needed:
            return True
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            return self._take()
        except SQLAlchemyError as error:
            logger.warning("The database can't be asked (%s); waiting.", type(error).__name__)
            self._drop()
            return False

    def give_up(self) -> None:
        """Let the next worker act at once."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        self._drop()

    def _take(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}
            ).scalar_one()
        except SQLAlchemyError:
            connection.invalidate()
            connection.close()
            raise
        if taken:
            self._connection = connection
            return True
        connection.close()
        return False

    def _drop(self) -> None:
        """Close the connection itself, and with it the lock; the pool gets none back."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
