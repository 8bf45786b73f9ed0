"""Engine and transactions: one service call is one transaction.

SQLite runs in WAL with a busy timeout, and each transaction takes the write lock at its begin:
two sessions that read and then both write would otherwise overwrite one another silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import Session

from bot.records import tables  # noqa: F401  (a row's relations need all of them)
from bot.records.live import write_noted
from bot.settings import get_settings

BUSY_TIMEOUT_MS = 5000


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL, with the pragmas and locking that Waymark relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, future=True, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        future=True,
        hide_parameters=True,  # an error in the log must not hold what a patient wrote
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@lru_cache(maxsize=4)
def _engine_for(url: str) -> Engine:
    return make_engine(url)


def get_engine() -> Engine:
    """The engine of this process, for `WAYMARK_DATABASE_URL`."""
    return _engine_for(get_settings().database_url)


@contextmanager
def transaction(engine: Engine | None = None) -> Iterator[Session]:
    """One transaction: commits at the end, with the live events that were noted in it; rolls back
    on any exception."""
    maker = Session(engine or get_engine(), future=True, expire_on_commit=False)
    with maker as session, session.begin():
        yield session
        write_noted(session)
