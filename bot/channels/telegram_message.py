"""A stored message as Telegram shows it: parts in HTML, and its quick replies under the last.

What a coordinator wrote has their name on top and says when a machine translated it. On a channel
that tells little no sealed value is opened, and an answer from the record ends with the one-time
link to the web page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.page_data import HIDDEN, message_data
from bot.channels.telegram_text import LONGEST, escaped, in_parts
from bot.language.identifiers import TOKEN
from bot.language.sentences import sentence
from bot.records.chat_models import Message
from bot.services.one_time_links import link_for
from bot.services.telling_level import level_of

ROOM = 600
"""Kept free in each part for the name above it and the note below it."""
BUTTON = re.compile(r"m(\d{1,10}):(\d{1,3}):([0-9a-f]{8})")


@dataclass(frozen=True)
class Outgoing:
    """What is sent for one message."""

    parts: tuple[str, ...]
    keyboard: InlineKeyboardMarkup | None


@dataclass(frozen=True)
class Press:
    """Which button of which message was pressed. conversation: how its id begins."""

    seq: int
    button: int
    conversation: str


def outgoing(session: Session, row: Message, now: datetime, *, edited: bool) -> Outgoing:
    """The message's parts and buttons.

    Args:
        edited: it stands in the chat already; a link that it came with stays as it was.
    """
    data = message_data(session, row, now)
    little = level_of(session, row.conversation_id) == "little"
    text = TOKEN.sub(HIDDEN, row.text) if little else data["text"]
    link = None if edited else link_for(session, row, now)
    if link:
        text += f"\n\n{sentence('utter_telegram_more_on_page', row.language).text}\n{link}"
    bodies = [escaped(part) for part in in_parts(text, LONGEST - ROOM)] or [HIDDEN]
    bodies[0] = _author(data) + bodies[0]
    bodies[-1] += _translated(data, row.language)
    return Outgoing(tuple(bodies), _keyboard(row))


def read_button(data: str | None) -> Press | None:
    """What a button's data names; None: it is not one of ours."""
    match = BUTTON.fullmatch(data or "")
    return Press(int(match[1]), int(match[2]), match[3]) if match else None


def _keyboard(row: Message) -> InlineKeyboardMarkup | None:
    """One quick reply a line. Its data holds no payload: only where that is to be looked up."""
    if not row.buttons:
        return None
    buttons = [
        [
            InlineKeyboardButton(
                b["title"], callback_data=f"m{row.seq}:{i}:{row.conversation_id[:8]}"
            )
        ]
        for i, b in enumerate(row.buttons)
    ]
    return InlineKeyboardMarkup(buttons)


def _author(data: dict[str, Any]) -> str:
    author = data["author"]
    return f"<b>{escaped('{name}, {title}'.format(**author))}</b>\n" if author else ""


def _translated(data: dict[str, Any], language: str | None) -> str:
    if not data["machine"]:
        return ""
    values = {"provider": data["machine"]}
    note = sentence("page_machine_translated", language, values).text
    return f"\n\n<i>{escaped(note)}</i>"
