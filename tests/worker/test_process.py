"""The worker as a process: it works, stops when told to, and loses nothing when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.records.base import utc_now
from bot.records.chat_models import Handoff
from bot.records.session import transaction
from bot.records.staff_models import MessageTranslation, OutboxItem, Team
from bot.services import outbox
from bot.services.handoffs import open_handoff
from bot.services.transcript import store_patient_message
from bot.settings import ROOT, get_settings
from tests.records.making import a_conversation
from tests.site.libretranslate import LibreTranslate
from tests.site.mail_server import MailServer

pytestmark = pytest.mark.slow
GREETING = "Dzień dobry"
TEAM = "team@example.org"


@pytest.fixture
def outside() -> Iterator[tuple[MailServer, LibreTranslate]]:
    """A mail server and a translator."""
    with MailServer() as mails, LibreTranslate() as translator:
        yield mails, translator


@contextmanager
def worker(
    engine: Engine, outside: tuple[MailServer, LibreTranslate], log: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on this database; killed at the end if it still runs."""
    mails, translator = outside
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "WAYMARK_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "WAYMARK_SMTP_HOST": "127.0.0.1",
        "WAYMARK_SMTP_PORT": str(mails.port),
        "WAYMARK_SMTP_SECURITY": "none",
        "WAYMARK_MAIL_FROM": "waymark@hospital.example",
        "WAYMARK_TRANSLATOR": "libretranslate",
        "WAYMARK_TRANSLATOR_URL": translator.url,
        **settings,
    }
    with log.open("ab") as output:
        command = [sys.executable, "-m", "bot.worker"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def soon(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def put_mail(engine: Engine) -> None:
    with transaction(engine) as session:
        values = {"handoff": "0" * 32, "priority": 1, "minutes": 20}
        payload = {"to": [TEAM], "name": "team_waiting", "values": values}
        outbox.put(session, "mail", payload, utc_now())


def all_sent(engine: Engine) -> bool:
    with transaction(engine) as session:
        open_items = select(OutboxItem).where(
            OutboxItem.kind == "mail", OutboxItem.done_at.is_(None)
        )
        return session.execute(open_items).first() is None


def write_polish(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patient's message that waits for its translation."""
    monkeypatch.setattr(get_settings(), "translator", "libretranslate")
    now = utc_now()
    with transaction(engine) as session:
        talk = a_conversation(session, language="pl").id
        store_patient_message(session, talk, "m1", GREETING, now)
        open_handoff(session, talk, "chat", "asked_for", now)  # asks for what is there


def translated(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        query = select(MessageTranslation.text).where(MessageTranslation.state == "done")
        return list(session.execute(query).scalars())


def test_it_mails_and_translates_and_stops_when_told_to(
    engine: Engine,
    outside: tuple[MailServer, LibreTranslate],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_mail(engine)
    write_polish(engine, monkeypatch)
    log = tmp_path / "worker.log"
    with worker(engine, outside, log) as process:
        assert soon(lambda: translated(engine) == ["Good morning"])
        assert soon(lambda: all_sent(engine))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert outside[0].recipients == [[TEAM]]
    said = log.read_text()
    assert "The worker acts." in said
    assert "ERROR" not in said and "WARNING" not in said
    assert GREETING not in said and TEAM not in said


def test_a_hand_off_that_nobody_takes_is_raised_and_mailed_by_itself(
    engine: Engine, outside: tuple[MailServer, LibreTranslate], tmp_path: Path
) -> None:
    with transaction(engine) as session:
        team = session.execute(select(Team)).scalar_one()
        team.email = TEAM
        talk = a_conversation(session).id
        handoff = open_handoff(session, talk, "chat", "asked_for", utc_now())
        handoff.reply_due_at = utc_now() - timedelta(days=3)
        handoff.escalation, handoff.escalated_at = 1, utc_now() - timedelta(days=7)
        link = f"/handoffs/{handoff.id}"
    with worker(engine, outside, tmp_path / "log"):
        assert soon(lambda: len(outside[0].mails) == 1)
        assert soon(lambda: all_sent(engine))
    assert link in outside[0].mails[0].get_content()
    with transaction(engine) as session:
        assert session.execute(select(Handoff.escalation)).scalar_one() == 2


def test_what_was_put_while_it_was_dead_is_done_when_it_is_back(
    engine: Engine, outside: tuple[MailServer, LibreTranslate], tmp_path: Path
) -> None:
    outside[0].fault = "slow"
    put_mail(engine)
    log = tmp_path / "log"
    with worker(engine, outside, log) as process:
        assert soon(lambda: outside[0].begun > 0)
        process.kill()  # in the middle of a mail
        process.wait()
    assert not all_sent(engine)
    outside[0].fault = None
    with worker(engine, outside, log):
        assert soon(lambda: all_sent(engine))
    assert len(outside[0].mails) == 1


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_of_two_workers_one_acts_and_the_other_takes_over_when_it_is_killed(
    engine: Engine, outside: tuple[MailServer, LibreTranslate], tmp_path: Path
) -> None:
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    with worker(engine, outside, logs[0]) as first:
        assert soon(lambda: "The worker acts." in logs[0].read_text())
        with worker(engine, outside, logs[1]):
            assert soon(lambda: "another acts" in logs[1].read_text())
            put_mail(engine)
            assert soon(lambda: all_sent(engine))
            assert len(outside[0].mails) == 1
            first.kill()
            first.wait()
            put_mail(engine)
            assert soon(lambda: all_sent(engine))
            assert "The worker acts." in logs[1].read_text()
    assert len(outside[0].mails) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_wrong_setting_is_said_at_the_start(
    engine: Engine, outside: tuple[MailServer, LibreTranslate], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with worker(engine, outside, log, WAYMARK_TRANSLATOR="deepl") as process:
        assert process.wait(30) == 2
    assert "WAYMARK_TRANSLATOR=deepl needs WAYMARK_TRANSLATOR_KEY." in log.read_text()
    assert "Traceback" not in log.read_text()
