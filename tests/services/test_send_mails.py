"""Mails to staff go out over real SMTP: at least once, recognisably the same, without patients."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from bot.records.session import transaction
from bot.records.staff_models import OutboxItem
from bot.services import outbox
from bot.services import send_mails as sending
from bot.services.mails import WORDINGS
from bot.services.send_mails import send_mails
from bot.settings import get_settings
from tests.site.mail_server import PASSWORD, USER, MailServer, make_certificate

TEAM, CLINICIAN = "team@example.org", "on-call@example.org"
HANDOFF = "0123456789abcdef0123456789abcdef"

Configure = Callable[..., None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Sets the mail settings; without any, those of a plain server on the port."""

    def set_up(port: int, **changes: str) -> None:
        wanted = {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "none",
            "smtp_user": "",
            "smtp_password": "",
            "mail_from": "Waymark <waymark@hospital.example>",
            "console_url": "https://console.example",
        }
        for name, value in (wanted | changes).items():
            monkeypatch.setattr(get_settings(), name, value)

    return set_up


@pytest.fixture
def server(configure: Configure) -> Iterator[MailServer]:
    """A plain mail server, and the settings for it."""
    with MailServer() as running:
        configure(running.port)
        yield running


def put(
    engine: Engine, now: datetime, name: str = "team_waiting", to: Any = (TEAM,), **values: Any
) -> int:
    """A mail in the outbox; returns its id."""
    filled = {"handoff": HANDOFF, "priority": 2, "minutes": 95} | values
    with transaction(engine) as session:
        payload = {"to": list(to), "name": name, "values": filled}
        item = outbox.put(session, "mail", payload, now)
        session.flush()
        return int(item.id)


def stored(engine: Engine, item_id: int) -> OutboxItem:
    with transaction(engine) as session:
        return session.execute(select(OutboxItem).where(OutboxItem.id == item_id)).scalar_one()


def test_a_waiting_hand_off_is_mailed_to_its_team_with_a_link(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    item = put(engine, moment)
    assert send_mails(moment, engine) == 1
    (mail,) = server.mails
    assert (mail["From"], mail["To"]) == ("Waymark <waymark@hospital.example>", TEAM)
    assert mail["Subject"] == "Waymark: nobody has taken a hand-off (high priority)"
    text = mail.get_content()
    assert "has waited for 95 minutes" in text
    assert f"Take it: https://console.example/handoffs/{HANDOFF}" in text.splitlines()
    assert stored(engine, item).done_at == moment


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_each_mail_says_only_its_wording_priority_minutes_and_link(
    engine: Engine, server: MailServer, moment: datetime, name: str
) -> None:
    since = {"since": moment.isoformat()} if name == "stale_feed" else {}
    put(engine, moment, name, patient="Zofia Nowak", text="999 000 1014", **since)
    send_mails(moment, engine)
    mail = server.mails[0]
    sent = mail["Subject"] + mail.get_content()
    assert "Zofia" not in sent and "1014" not in sent
    assert "$" not in sent
    path = "queue/waiting" if since else f"handoffs/{HANDOFF}"
    assert re.findall(r"https?://\S+", sent) == [f"https://console.example/{path}"]
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_sent_mail_is_not_sent_again(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    put(engine, moment)
    assert [send_mails(moment + timedelta(seconds=n), engine) for n in range(3)] == [1, 0, 0]
    assert len(server.mails) == 1


def test_a_mail_sent_just_before_a_crash_goes_again_under_the_same_message_id(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    item = put(engine, moment)
    send_mails(moment, engine)
    with transaction(engine) as session:  # as it is when the process dies before it writes this
        session.execute(update(OutboxItem).where(OutboxItem.id == item).values(done_at=None))
    send_mails(moment + timedelta(minutes=1), engine)
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert re.fullmatch(r"<waymark\.\d+\.\d+@hospital\.example>", first["Message-ID"])
    assert first.as_string() == second.as_string()


def test_two_mails_have_two_message_ids(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    put(engine, moment)
    put(engine, moment, "red_flag", [CLINICIAN])
    assert send_mails(moment, engine) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 2
    assert server.recipients == [[TEAM], [CLINICIAN]]


def test_an_answer_that_is_lost_means_a_repeat_and_not_a_loss(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    put(engine, moment)
    server.fault = "lost"
    assert send_mails(moment, engine) == 0
    server.fault = None
    assert send_mails(moment + timedelta(seconds=6), engine) == 1
    assert len({mail["Message-ID"] for mail in server.mails}) == 1


def test_a_server_that_is_down_delays_all_mails_and_loses_none(
    engine: Engine, configure: Configure, moment: datetime
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        configure(nobody.getsockname()[1])
        items = [put(engine, moment), put(engine, moment, "reopened")]
        assert send_mails(moment, engine) == 0
    assert [stored(engine, item).tries for item in items] == [1, 1]
    with MailServer() as server:
        configure(server.port)
        assert send_mails(moment, engine) == 0  # not yet: the outbox waits longer each time
        assert send_mails(moment + timedelta(seconds=6), engine) == 2
        assert len(server.mails) == 2


def test_a_slow_server_is_given_up_after_the_timeout(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    item = put(engine, moment)
    server.fault = "slow"
    begin = datetime.now()
    assert send_mails(moment, engine, timeout=0.3) == 0
    assert datetime.now() - begin < timedelta(seconds=5)
    assert stored(engine, item).tries == 1


def test_a_refused_recipient_does_not_stop_the_next_mail(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    server.refused = {"gone@example.org"}
    refused = put(engine, moment, to=["gone@example.org"])
    put(engine, moment)
    assert send_mails(moment, engine) == 1
    assert server.recipients == [[TEAM]]
    assert (stored(engine, refused).tries, stored(engine, refused).done_at) == (1, None)


def test_of_two_recipients_only_the_refused_one_is_tried_again(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    server.refused = {CLINICIAN}
    item = put(engine, moment, to=[TEAM, CLINICIAN])
    send_mails(moment, engine)
    server.refused = set()
    send_mails(moment + timedelta(seconds=6), engine)
    assert server.recipients == [[TEAM], [CLINICIAN]]
    assert stored(engine, item).done_at is not None


def test_a_mail_that_the_server_does_not_take_waits_alone(
    engine: Engine, server: MailServer, moment: datetime
) -> None:
    item = put(engine, moment)
    server.fault = "content"
    send_mails(moment, engine)
    assert stored(engine, item).tries == 1
    server.fault = None
    assert send_mails(moment + timedelta(seconds=6), engine) == 1


def test_after_a_day_a_mail_is_given_up_visibly(
    engine: Engine, server: MailServer, moment: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    item = put(engine, moment)
    server.fault = "refuse"
    with caplog.at_level(logging.ERROR):
        send_mails(moment + timedelta(hours=23), engine)
        assert stored(engine, item).done_at is None
        send_mails(moment + timedelta(hours=25), engine)
    assert stored(engine, item).done_at is not None
    assert stored(engine, item).payload["not_sent"] == "recipient"
    assert f"Mail {item} is given up after 2 tries (recipient)." in caplog.text


def test_without_a_mail_server_nothing_piles_up_and_the_log_says_it_once(
    engine: Engine, configure: Configure, moment: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    configure(1, smtp_host="")
    sending._say_that_there_is_no_server.cache_clear()
    items = [put(engine, moment), put(engine, moment)]
    assert send_mails(moment, engine) == 0
    items.append(put(engine, moment))
    assert send_mails(moment, engine) == 0
    rows = [stored(engine, item) for item in items]
    assert [row.payload["not_sent"] for row in rows] == ["no_server"] * 3
    assert all(row.done_at for row in rows)
    assert caplog.text.count("no mail server is set") == 1


@pytest.mark.parametrize(
    ("name", "to", "values"),
    [
        ("birthday", [TEAM], {}),
        ("red_flag", [], {}),
        ("red_flag", ["Dr Example, bleep 123"], {}),
        ("red_flag", ["a@example.org\r\nBcc: all@example.org"], {}),
        ("red_flag", [TEAM], {"priority": 9}),
        ("red_flag", [TEAM], {"minutes": "many"}),
    ],
)
def test_a_mail_that_cannot_be_written_is_given_up_and_does_not_stop_the_next(
    engine: Engine,
    server: MailServer,
    moment: datetime,
    name: str,
    to: list[str],
    values: dict[str, Any],
) -> None:
    item = put(engine, moment, name, to, **values)
    put(engine, moment)
    assert send_mails(moment, engine) == 1
    assert server.recipients == [[TEAM]]
    assert stored(engine, item).payload["not_sent"] == "unreadable"


# ---- security; the database doesn't matter here ----


@pytest.fixture
def records(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty database on SQLite."""
    from bot.records.session import make_engine

    (tmp_path / "records.db").write_bytes(sqlite_template.read_bytes())
    made = make_engine(f"sqlite:///{tmp_path / 'records.db'}")
    yield made
    made.dispose()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "server.pem")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_encrypted_and_signed_in(
    records: Engine,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    moment: datetime,
    security: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    put(records, moment)
    with MailServer(security=security, certificate=certificate) as server:
        configure(server.port, smtp_security=security, smtp_user=USER, smtp_password=PASSWORD)
        assert send_mails(moment, records) == 1
        assert server.signed_in == [True]


@pytest.mark.parametrize(
    ("server_has", "settings_say", "user", "password", "trusted"),
    [
        ("starttls", "starttls", USER, "wrong", True),
        ("starttls", "starttls", USER, PASSWORD, False),
        ("tls", "tls", USER, PASSWORD, False),
        ("none", "starttls", "", "", True),
        ("none", "tls", "", "", True),
        ("starttls", "none", "", "", True),
    ],
)
def test_a_mail_waits_rather_than_go_less_safely_than_set(
    records: Engine,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    moment: datetime,
    caplog: pytest.LogCaptureFixture,
    server_has: str,
    settings_say: str,
    user: str,
    password: str,
    trusted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    item = put(records, moment)
    own = None if server_has == "none" else certificate
    with MailServer(security=server_has, certificate=own) as server:
        configure(server.port, smtp_security=settings_say, smtp_user=user, smtp_password=password)
        assert send_mails(moment, records, timeout=2) == 0
        assert server.mails == []
    assert stored(records, item).tries == 1
    assert "The mail server can't be used" in caplog.text
    assert TEAM not in caplog.text and "wrong" not in caplog.text
