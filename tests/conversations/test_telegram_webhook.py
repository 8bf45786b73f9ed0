"""Telegram by webhook: Telegram sends the updates, and only Telegram may."""

from __future__ import annotations

import pytest
import requests

from tests.conftest import WEBHOOK_SECRET as SECRET
from tests.site.running import Site
from tests.site.sentences import sentence, texts
from tests.site.telegram_api import TelegramApi

pytestmark = [pytest.mark.slow, pytest.mark.telling]
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def test_an_update_to_the_webhook_is_answered(telling_site: Site, telegram: TelegramApi) -> None:
    with telling_site.open_chat() as patient:
        assert texts(patient.say("/help")) == [sentence("utter_capabilities")]
    assert telegram.webhook["url"] == f"{telling_site.address}/telegram/webhook"
    assert telegram.webhook["secret_token"] == SECRET


@pytest.mark.parametrize(
    "headers", [{}, {HEADER: "wrong"}, {HEADER: ""}], ids=["no", "bad", "empty"]
)
def test_an_update_without_the_secret_is_refused(
    telling_site: Site, headers: dict[str, str]
) -> None:
    update = {"update_id": 1, "message": {"message_id": 1, "text": "hello"}}
    address = f"{telling_site.address}/telegram/webhook"
    assert requests.post(address, json=update, headers=headers, timeout=10).status_code == 403


def test_what_is_no_update_is_not_asked_for_again(telling_site: Site) -> None:
    address = f"{telling_site.address}/telegram/webhook"
    answer = requests.post(address, data=b"{", headers={HEADER: SECRET}, timeout=10)
    assert answer.status_code in (200, 204)


def test_the_same_update_twice_is_answered_once(telling_site: Site, telegram: TelegramApi) -> None:
    with telling_site.open_chat() as patient:
        patient.say("/help")
        message_id = min(patient.room.messages)
        chat = {"id": patient.number, "type": "private", "first_name": "Pat"}
        message = {"message_id": message_id, "date": 1, "chat": chat, "from": patient.user}
        telegram.put({"message": message | {"text": "/help"}})
        assert texts(patient.say("/start")) == [sentence("utter_greet")]
        assert len(patient.room.of_bot()) == 2
