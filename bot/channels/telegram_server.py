"""The server of the Bot API that the settings name: Telegram's, or any other that speaks it.

What only Telegram does is not relied on: an answer "ok: false" is a refusal whatever its HTTP
status, a method that a server doesn't have is no broken token, and an answer may leave out what
nobody needs here. Made by `bot.channels.telegram`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram_updates import completed_message, readable
from bot.settings import get_settings

logger = logging.getLogger(__name__)
CONNECTIONS = 16
NOT_OFFERED = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
LACKING = (BadRequest, InvalidToken)
"""What a server says to a method that it doesn't have: 400, 405, 501; or 404, which the library
takes for a wrong token."""


class TolerantRequest(HTTPXRequest):
    """The library's way to a server, for one that isn't Telegram's as well."""

    async def do_request(self, *args: Any, **how: Any) -> tuple[int, bytes]:
        """HTTP status and body; a refusal in a body has its own code for a status."""
        code, payload = await super().do_request(*args, **how)
        if code in NOT_OFFERED:
            return HTTPStatus.BAD_REQUEST, payload
        if code == HTTPStatus.OK:
            said = self.parse_json_payload(payload)
            if said.get("ok") is False:
                return int(said.get("error_code") or HTTPStatus.BAD_REQUEST), payload
        return code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """An answer, made whole. One that can't be read is named, not shown: it may hold what a
        patient wrote.

        Raises:
            TelegramError: it is no answer of the Bot API.
        """
        try:
            said = json.loads(payload.decode(errors="replace"))
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise TelegramError("Invalid server response")
        result = said.setdefault("result", True)
        if isinstance(result, list):
            said["result"] = [one for one in map(readable, result) if one is not None]
        elif isinstance(result, dict) and "message_id" in result:
            said["result"] = completed_message(result)
        elif isinstance(result, dict) and "id" in result:
            said["result"] = {"is_bot": True, "first_name": "", "username": ""} | result
        return said


def make_bot() -> Bot:
    """The bot of the settings."""
    settings = get_settings()
    return Bot(
        settings.telegram_token,
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=TolerantRequest(connection_pool_size=CONNECTIONS),
        get_updates_request=TolerantRequest(connection_pool_size=1),
    )


class OptionalCalls:
    """Calls that a conversation can do without: one warning for each method, and it goes on."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    async def call(self, method: str, calling: Awaitable[Any]) -> None:
        """Try it."""
        try:
            await calling
        except TelegramError as error:  # too late for a press, no network, or there is none
            level = logging.INFO if method in self._warned else logging.WARNING
            self._warned.add(method)
            logger.log(level, "%s was refused (%s); going on.", method, type(error).__name__)
