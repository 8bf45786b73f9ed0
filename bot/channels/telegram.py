"""The Telegram channel, in Rasa's server; it is there when `WAYMARK_TELEGRAM_TOKEN` is set.

Here all is wired: what comes in (`telegram_in`, by `telegram_polling` or the webhook below) and
what goes out (`telegram_out`). See docs/telegram.md.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, Sanic
from sanic.response import HTTPResponse, empty
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram_commands import set_menu
from bot.channels.telegram_in import TelegramIn
from bot.channels.telegram_out import TelegramOut
from bot.channels.telegram_polling import UPDATES, Polling
from bot.channels.telegram_server import make_bot
from bot.channels.telegram_taking_back import take_back_answers
from bot.channels.telegram_updates import readable
from bot.services.telegram_chats import CHANNEL
from bot.settings import get_settings

logger = logging.getLogger(__name__)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
START_PAUSES_SECONDS = (1, 2, 5, 10, 30, 60)


class TelegramChat(InputChannel):
    """Rasa's input channel for Telegram."""

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa and in table `conversations`."""
        return CHANNEL

    def url_prefix(self) -> str:
        """The webhook lies under /telegram."""
        return "/telegram"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The webhook and the background tasks; nothing without a token."""
        blueprint = Blueprint("telegram_chat", __name__)
        if not get_settings().telegram_token:
            return blueprint
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses with the token
        running = _Running(on_new_message)
        if get_settings().telegram_mode == "webhook":

            @blueprint.route("/webhook", methods=["POST"])
            async def webhook(request: Request) -> HTTPResponse:
                return await running.take(request)

        @blueprint.listener("after_server_start")
        async def _start(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            running.start()

        @blueprint.listener("before_server_stop")
        async def _stop(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await running.stop()

        return blueprint


class _Running:
    """The channel while the server runs."""

    def __init__(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> None:
        self._bot = make_bot()
        self._out = TelegramOut(self._bot)
        self._in = TelegramIn(self._bot, on_new_message, self._out)
        self._ready = False
        self._main: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; Rasa doesn't wait for Telegram."""
        self._main = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End, and let another process poll."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        await self._bot.shutdown()

    async def _run(self) -> None:
        await self._connect()
        self._ready = True
        tasks = [
            self._in.resume(),
            self._out.delivery.run(),
            take_back_answers(self._out.calls),
            set_menu(self._bot),
        ]
        if get_settings().telegram_mode == "polling":
            tasks.append(Polling(self._bot, self._in).run())
        await asyncio.gather(*tasks)

    async def _connect(self) -> None:
        """Say who we are and set the webhook, until Telegram takes it."""
        for pause in _pauses():
            try:
                await self._bot.initialize()
                await self._set_webhook()
                return
            except InvalidToken:
                logger.error("Telegram refuses WAYMARK_TELEGRAM_TOKEN. Correct it, start again.")
            except TelegramError as error:
                logger.warning("Telegram can't be reached (%s).", type(error).__name__)
            except Exception:  # a server that isn't one of the Bot API may answer anything
                logger.exception("WAYMARK_TELEGRAM_API_URL does not answer like the Bot API.")
            await asyncio.sleep(pause)

    async def _set_webhook(self) -> None:
        settings = get_settings()
        if settings.telegram_mode == "webhook":
            await self._bot.set_webhook(
                f"{settings.public_url}/telegram/webhook",
                secret_token=settings.telegram_secret,
                allowed_updates=UPDATES,
            )

    async def take(self, request: Request) -> HTTPResponse:
        """An update. Answered after it is stored: an error makes Telegram send it again."""
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), get_settings().telegram_secret.encode()):
            return empty(403)
        if not self._ready:
            return empty(503)
        try:
            update = readable(json.loads(request.body))
            if update is not None:
                await self._in.take(Update.de_json(update, self._bot))
        except SQLAlchemyError as error:
            logger.warning("An update was not stored (%s).", type(error).__name__)
            return empty(503)
        except Exception:  # it would come again and again
            logger.exception("An update was not taken.")
        return empty()


def _pauses() -> Any:
    """Seconds between tries to connect, without end."""
    yield from START_PAUSES_SECONDS
    while True:
        yield START_PAUSES_SECONDS[-1]
