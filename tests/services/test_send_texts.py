"""One-time codes go out through GOV.UK Notify's own client, to a stand-in over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.records.chat_models import Conversation
from bot.records.identity_models import TextMessage
from bot.records.models import Patient
from bot.records.session import transaction
from bot.services.identity import Claim, send_code
from bot.services.send_texts import send_waiting_texts
from bot.settings import get_settings

API_KEY = "tests-11111111-1111-1111-1111-111111111111-22222222-2222-2222-2222-222222222222"
BORN = date(1961, 5, 3)


class Notify:
    """Answers like Notify's API, keeps what it was sent, and fails when told to."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.failing = False
        notify = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = 503 if notify.failing else 201
                if not notify.failing:
                    notify.sent.append(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps({"id": "1", "errors": []}).encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    server = Notify()
    monkeypatch.setattr(get_settings(), "notify_url", server.address)
    monkeypatch.setattr(get_settings(), "notify_api_key", API_KEY)
    monkeypatch.setattr(get_settings(), "notify_template_id", "template")
    yield server
    server.stop()


def ask_for_code(engine: Engine, number: str, moment: datetime) -> None:
    with transaction(engine) as session:
        patient = Patient(nhs_number="9990001014", birth_date=BORN, phone="07700 900101")
        conversation = Conversation(channel="web")
        session.add_all([patient, conversation])
        session.flush()
        send_code(session, conversation.id, Claim(BORN, nhs_number=number), moment)


def test_a_code_goes_once_to_the_phone_on_record(
    engine: Engine, notify: Notify, moment: datetime
) -> None:
    ask_for_code(engine, "9990001014", moment)
    assert send_waiting_texts(moment, engine) == 1
    assert send_waiting_texts(moment, engine) == 0
    assert [body["phone_number"] for body in notify.sent] == ["07700 900101"]
    assert len(notify.sent[0]["personalisation"]["code"]) == 6


def test_a_decoy_is_never_sent(engine: Engine, notify: Notify, moment: datetime) -> None:
    ask_for_code(engine, "9990002029", moment)
    assert send_waiting_texts(moment, engine) == 0
    assert notify.sent == []


def test_a_failed_code_is_tried_again_until_it_is_too_old(
    engine: Engine, notify: Notify, moment: datetime
) -> None:
    ask_for_code(engine, "9990001014", moment)
    notify.failing = True
    assert send_waiting_texts(moment, engine) == 0
    notify.failing = False
    late = moment + timedelta(minutes=get_settings().code_minutes + 1)
    assert send_waiting_texts(late, engine) == 0
    with transaction(engine) as session:
        assert session.execute(select(TextMessage)).first() is None
    assert notify.sent == []


def test_a_code_that_failed_once_goes_out_in_the_next_round(
    engine: Engine, notify: Notify, moment: datetime
) -> None:
    ask_for_code(engine, "9990001014", moment)
    notify.failing = True
    send_waiting_texts(moment, engine)
    notify.failing = False
    assert send_waiting_texts(moment + timedelta(seconds=2), engine) == 1
    assert len(notify.sent) == 1
