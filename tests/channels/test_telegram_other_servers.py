"""Any server of the Bot API: one that lacks what a conversation can do without, says little, and
fails now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from sqlalchemy import select

from bot.channels import telegram_polling
from bot.channels.telegram import _Running
from bot.channels.telegram_updates import readable
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.settings import get_settings
from tests.site.sparse_telegram import NO_ANSWER, REFUSALS, SparseTelegram, running

pytestmark = pytest.mark.usefixtures("own_database")
TOKEN = "1:a-token"
SECONDS = 20


def written(update_id: int, text: str, message_id: int = 0) -> dict[str, Any]:
    """A text, as sparse as can be."""
    message = {"message_id": message_id or update_id, "chat": {"id": 7}, "text": text}
    return {"update_id": update_id, "message": message}


async def echo(message: UserMessage) -> None:
    """Instead of Rasa: say the same, with a quick reply."""
    buttons = [{"title": "More", "payload": "/more"}]
    said = {"text": f"You said {message.text}", "buttons": buttons}
    await message.output_channel.send_response(message.sender_id, said)


async def until(check: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not check():
        assert time.monotonic() < end, "It did not happen in time."
        await asyncio.sleep(0.02)


def talk(
    api: SparseTelegram, monkeypatch: pytest.MonkeyPatch, *until_so: Callable[[], object]
) -> None:
    """Run the channel against a server until these have come about, one after another."""
    monkeypatch.setattr(telegram_polling, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(telegram_polling, "SHORTEST_WAIT_SECONDS", 0.05)
    monkeypatch.setenv("WAYMARK_TELEGRAM_TOKEN", TOKEN)

    async def all_of_it() -> None:
        channel = _Running(echo)
        channel.start()
        try:
            for check in until_so:
                await until(check)
        finally:
            await channel.stop()

    with running(api):
        monkeypatch.setenv("WAYMARK_TELEGRAM_API_URL", f"{api.url}/")
        get_settings.cache_clear()
        asyncio.run(all_of_it())


@pytest.mark.parametrize("refusal", list(REFUSALS))
def test_a_server_without_the_dispensable_methods_carries_a_conversation(
    refusal: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api = SparseTelegram(refusal)
    api.updates.append(written(1, "hello"))

    def press() -> bool:
        if api.sent and len(api.updates) == 1:
            pressed = {"id": 99, "from": {"id": 7}, "data": api.sent[0][1][0]}
            api.updates.append({"update_id": 2, "callback_query": pressed})
            api.updates.append(written(3, "and then?"))
        return len(api.updates) > 1

    with caplog.at_level(logging.WARNING):
        talk(api, monkeypatch, press, lambda: len(api.sent) == 3)
    assert [text for text, _ in api.sent] == [
        "You said hello",
        "You said /more",
        "You said and then?",
    ]
    warned = [r.getMessage() for r in caplog.records if "was refused" in r.getMessage()]
    dispensable = ("deleteWebhook", "sendChatAction", "answerCallbackQuery", "The command menu")
    assert sorted(w.split(" was ")[0] for w in warned) == sorted(dispensable)


def test_calls_go_to_the_paths_of_the_bot_api_below_any_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = SparseTelegram("400", prefix="/some/where")
    talk(api, monkeypatch, lambda: {"getMe", "getUpdates", "setMyCommands"} <= {*api.methods()})
    assert {path.rpartition("/")[0] for path, _ in api.asked} == {f"/some/where/bot{TOKEN}"}


FAULTS = {
    "409": (409, b'{"ok": false, "error_code": 409, "description": "Conflict"}'),
    "409 with 200": (200, b'{"ok": false, "error_code": 409, "description": "Conflict"}'),
    "502": (502, b"<html>Bad Gateway"),
    "500": (500, b""),
    "429": (429, b'{"ok": false, "parameters": {"retry_after": 1}, "description": "slow"}'),
    "no JSON": (200, b"hello"),
    "no object": (200, b"[]"),
    "no result": (200, b'{"ok": true}'),
    "no answer": NO_ANSWER,
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_polling_goes_on_after_a_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api = SparseTelegram("400")
    api.faults += [FAULTS[fault]] * 2
    api.updates.append(written(1, "hello"))
    talk(api, monkeypatch, lambda: api.sent)
    assert [text for text, _ in api.sent] == ["You said hello"]


def test_an_update_that_cannot_be_read_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = SparseTelegram("400")
    broken = [
        {"update_id": 1, "message": {"text": "of no chat"}},
        {"update_id": 2, "callback_query": {"data": "of nobody"}},
        {"update_id": 3, "message": "hello"},
        {"update_id": 4, "message": {"message_id": "x", "chat": {"id": "nobody"}}},
        {"update_id": 5, "something_new": {}},
        {"no": "number"},
        "nothing",
    ]
    api.updates += [*broken, written(6, "hello")]
    talk(api, monkeypatch, lambda: api.sent)
    assert [text for text, _ in api.sent] == ["You said hello"]


def test_a_server_that_forgets_no_update_is_answered_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = SparseTelegram("400")
    api.updates += [written(1, "/stop"), written(2, "hello")]
    talk(api, monkeypatch, lambda: len(api.sent) == 2, lambda: len(api.methods()) > 40)
    assert len(api.sent) == 2
    with transaction() as session:
        assert len(list(session.execute(select(Message)))) == 3


def test_an_edited_message_and_a_membership_may_leave_out_what_is_optional() -> None:
    edited = {"update_id": 1, "edited_message": {"message_id": 1, "chat": {"id": 7}, "text": "a"}}
    blocked = {"chat": {"id": 7}, "from": {"id": 7}, "new_chat_member": {"status": "kicked"}}
    member = {"update_id": 2, "my_chat_member": blocked}
    for update in (edited, member):
        assert len(readable(update) or {}) == 2
