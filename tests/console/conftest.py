"""The console for tests: on both databases, with staff, teams and signed-in browsers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from bot.console.app import create_app
from bot.console.security import COOKIE, CSRF_COOKIE
from bot.records.base import utc_now
from bot.records.session import get_engine, transaction
from bot.records.staff_models import Staff, Team
from bot.services.passwords import hash_password
from bot.services.staff_sessions import start_session
from bot.services.staff_teams import add_team, join_teams
from bot.settings import get_settings

PASSWORD = "correct horse battery"
HOST = "testserver.local"
"""How the test client's cookie jar calls its server."""


@lru_cache(maxsize=1)
def _password_hash() -> str:
    """Made once: argon2 takes its time on purpose."""
    return hash_password(PASSWORD)


class Browser(TestClient):
    """A browser at the console: its POSTs carry the CSRF token, as the page's own do."""

    def request(  # type: ignore[override]
        self, method: str, url: Any, *, htmx: bool = False, background: bool = False, **how: Any
    ) -> Any:
        """A request; htmx: as a part of a page asks; background: by itself, for a live event."""
        headers = dict(how.pop("headers", None) or {})
        if htmx or background:
            headers["HX-Request"] = "true"
        if background:
            headers["Waymark-Background"] = "1"
        if method == "POST":
            headers.setdefault("X-CSRFToken", self.cookies.get(CSRF_COOKIE, ""))
        return super().request(method, url, headers=headers, **how)

    def get(self, url: Any, **how: Any) -> Any:  # type: ignore[override]
        """GET; see `request`."""
        return self.request("GET", url, **how)

    def post(self, url: Any, **how: Any) -> Any:  # type: ignore[override]
        """POST; see `request`."""
        return self.request("POST", url, **how)


class Console:
    """The application on one database, and what fills it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.app = create_app()

    @property
    def now(self) -> datetime:
        """The console's moment."""
        return utc_now()

    def transaction(self) -> AbstractContextManager[Session]:
        """One transaction on the console's database."""
        return transaction(self.engine)

    def team(self, name: str, **how: Any) -> Team:
        """A team; `how` as for `add_team`."""
        with self.transaction() as session:
            return add_team(session, name, **how)

    def staff(
        self, name: str, role: str = "coordinator", teams: Sequence[str | Team] = ()
    ) -> Staff:
        """An account: name@example.org, with PASSWORD. Teams that don't exist are made."""
        names = [team if isinstance(team, str) else team.name for team in teams]
        with self.transaction() as session:
            staff = Staff(
                email=f"{name.lower()}@example.org",
                first_name=name.capitalize(),
                family_name="Example",
                job_title="Referral coordinator",
                role=role,
                password_hash=_password_hash(),
            )
            session.add(staff)
            session.flush()
            for team in names:
                add_team(session, team)
            join_teams(session, staff, names)
            return staff

    def client(self, staff: Staff | None = None) -> Browser:
        """A browser; signed in when it is somebody's."""
        browser = Browser(self.app, follow_redirects=False)
        if staff is None:
            browser.get("/sign-in")
            return browser
        with self.transaction() as session:
            token = start_session(session, session.get(Staff, staff.id), self.now)
        browser.cookies.set(COOKIE, token, domain=HOST)
        browser.get("/navigation")
        return browser


@pytest.fixture
def console(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """The console, on SQLite and on PostgreSQL."""
    yield from console_on(engine, monkeypatch)


def console_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """The console on a database, which this process uses until the test ends."""
    url = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("WAYMARK_DATABASE_URL", url)
    get_settings.cache_clear()
    yield Console(engine)
    get_engine().dispose()
    monkeypatch.undo()
    get_settings.cache_clear()
