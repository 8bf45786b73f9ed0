"""Telegram's command menu: what each command means, and its description in every language."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.channels.telegram_server import LACKING
from bot.language.catalogues import get_catalogues
from bot.language.sentences import sentence

logger = logging.getLogger(__name__)
PAUSES_SECONDS = (1, 5, 30, 60, 300, 600)
START, STOP = "start", "stop"
PAYLOADS = {
    START: "/greet",
    "status": "/ask_referral_status",
    "human": "/request_human",
    "language": "/change_language",
    "help": "/ask_capabilities",
}
"""The payload of each command, but for /stop, which ends the conversation."""
DESCRIPTIONS = {
    START: "term_command_start",
    "status": "term_command_status",
    "human": "term_command_human",
    "language": "term_command_language",
    STOP: "term_command_stop",
    "help": "term_command_help",
}
COMMAND = re.compile(r"/([a-z]+)(?:@\w+)?(?:\s+(\S[\s\S]*))?", re.IGNORECASE)
TWO_LETTERS = 2


@dataclass(frozen=True)
class Command:
    """A command that the patient sent. link: what /start came with."""

    name: str
    link: str = ""


def read_command(text: str) -> Command | None:
    """The command that a text is; None: an ordinary text, also a command with words after it
    ("/status of my mother, she can't breathe"), which must be read.

    >>> read_command("/start abc")
    Command(name='start', link='abc')
    >>> read_command("/human please")
    """
    match = COMMAND.fullmatch(text.strip())
    if match is None or match[1].lower() not in DESCRIPTIONS:
        return None
    name, words = match[1].lower(), match[2] or ""
    if words and (name != START or " " in words):
        return None
    return Command(name, words)


async def set_menu(bot: Bot) -> None:
    """Set the menu; nobody waits for it, and a server without menus is no hindrance."""
    for pause in PAUSES_SECONDS:
        try:
            await _set_commands(bot)
            return
        except LACKING as error:
            logger.warning("The command menu was refused (%s); going on.", type(error).__name__)
            return
        except TelegramError as error:
            logger.info("The command menu is not set yet (%s).", type(error).__name__)
        await asyncio.sleep(pause)
    logger.warning("The command menu could not be set; the next start tries again.")


async def _set_commands(bot: Bot) -> None:
    """By default, and in each offered language with a code of two letters."""
    for language in (None, *get_catalogues().offered()):
        if language is None or len(language) == TWO_LETTERS:
            menu = [
                BotCommand(name, sentence(described, language).text)
                for name, described in DESCRIPTIONS.items()
            ]
            await bot.set_my_commands(menu, language_code=language)
