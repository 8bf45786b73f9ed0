"""The test's Bot API refuses documents as Telegram does; ours passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telegram import Bot, InputFile
from telegram.error import BadRequest

from tests.site import telegram_rules as rules
from tests.site.telegram_api import TOKEN, TelegramApi
from tests.site.telegram_rules import Refused, Upload

CONTENT = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def with_bot(api: TelegramApi, call: Callable[[Bot], Any]) -> None:
    async def run() -> None:
        async with Bot(TOKEN, base_url=f"{api.url}/bot") as bot:
            await call(bot)

    asyncio.run(run())


def test_a_document_arrives_as_it_was_sent(api: TelegramApi) -> None:
    room = api.chat(4100)
    file = InputFile(CONTENT, filename="appointment.ics")
    with_bot(api, lambda bot: bot.send_document(room.number, file))
    (standing,) = room.of_bot()
    assert standing.file is not None
    assert (standing.file.name, standing.file.content) == ("appointment.ics", CONTENT)


def test_a_caption_that_is_too_long_is_refused(api: TelegramApi) -> None:
    room = api.chat(4101)
    file = InputFile(CONTENT, filename="appointment.ics")
    with pytest.raises(BadRequest, match="caption is too long"):
        with_bot(api, lambda bot: bot.send_document(room.number, file, caption="x" * 1025))


NAMELESS, ELSEWHERE = Upload("", "x/y", b"x"), Upload("a/b", "x/y", b"x")
EMPTY = Upload("a", "x/y", b"")


@pytest.mark.parametrize("given", [None, "a file id", NAMELESS, ELSEWHERE, EMPTY])
def test_what_is_no_file_is_refused(given: object) -> None:
    with pytest.raises(Refused):
        rules.document(given, "")
