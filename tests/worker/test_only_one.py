"""Of several workers on one PostgreSQL one acts, and another takes over when it is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from bot.records.session import make_engine
from bot.worker.only_one import LOCK, OnlyOne


@pytest.fixture
def machines(postgres_url: str) -> Iterator[list[Engine]]:
    """Three machines' connections to the same database."""
    made = [make_engine(postgres_url) for _ in range(3)]
    yield made
    for engine in made:
        engine.dispose()


def takes_over(worker: OnlyOne) -> bool:
    """Whether it may act within 5 s: the server takes a moment to end a connection."""
    end = time.monotonic() + 5
    while not worker.is_ours():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def stops(worker: OnlyOne) -> bool:
    """Whether it notices within 5 s that it may not act."""
    end = time.monotonic() + 5
    while worker.is_ours():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def cut_off(postgres_url: str) -> None:
    """End the connection that holds the lock, as a cut cable does."""
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT", future=True)
    with server.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                "AND (classid::bigint << 32) + objid::bigint = :lock AND granted"
            ),
            {"lock": LOCK},
        )
    server.dispose()


def test_one_worker_acts_and_keeps_acting(machines: list[Engine]) -> None:
    workers = [OnlyOne(engine) for engine in machines]
    for _ in range(3):
        assert [worker.is_ours() for worker in workers] == [True, False, False]
    workers[0].give_up()


def test_the_next_takes_over_when_the_first_gives_up(machines: list[Engine]) -> None:
    first, second, _third = (OnlyOne(engine) for engine in machines)
    assert first.is_ours() and not second.is_ours()
    first.give_up()
    assert second.is_ours()
    assert not first.is_ours()
    second.give_up()


def test_a_worker_that_is_cut_off_notices_and_another_takes_over(
    machines: list[Engine], postgres_url: str
) -> None:
    first, second, _third = (OnlyOne(engine) for engine in machines)
    assert first.is_ours()
    cut_off(postgres_url)
    assert stops(first)
    assert takes_over(second)
    assert not first.is_ours()
    second.give_up()
    assert first.is_ours()
    first.give_up()


def test_a_database_that_is_away_makes_a_worker_wait() -> None:
    engine = make_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    worker = OnlyOne(engine)
    assert not worker.is_ours()
    worker.give_up()


def test_on_sqlite_the_one_worker_acts(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'records.db'}")
    worker = OnlyOne(engine)
    assert worker.is_ours()
    worker.give_up()
    assert worker.is_ours()
