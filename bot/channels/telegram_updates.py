"""Updates as any server of the Bot API gives them, made whole for python-telegram-bot. Pure.

Telegram's own are whole. A stand-in may leave out what nobody there misses (`chat_instance`,
`is_bot`, a date), which the library needs all the same; and one update that can't be read must
not take the others with it. Used by `bot.channels.telegram_server` and the webhook.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from telegram import Update
from telegram.constants import ChatMemberStatus, ChatType

logger = logging.getLogger(__name__)
MESSAGES = ("message", "edited_message")
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


def readable(update: Any) -> dict[str, Any] | None:
    """One update that can be read; an empty one instead of what can't be; None: not even that.

    >>> readable({"update_id": 7, "message": {"text": "hello"}})
    {'update_id': 7}
    """
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        logger.warning("Something without a number came as an update; it is left out.")
        return None
    try:
        whole = _completed(update)
        Update.de_json(whole, None)
    except UNREADABLE as error:
        number = update["update_id"]
        logger.warning("Update %s can't be read (%s); left out.", number, type(error).__name__)
        return {"update_id": number}
    return whole


def completed_message(message: dict[str, Any]) -> dict[str, Any]:
    """A message with its date, and its chat's kind."""
    made = {"date": int(time.time())} | message
    made["chat"] = _completed_chat(made.get("chat") or {"id": 0})
    if made.get("from"):
        made["from"] = _completed_user(made["from"])
    return made


def _completed(update: dict[str, Any]) -> dict[str, Any]:
    made = dict(update)
    for kind in MESSAGES:
        if made.get(kind):
            if "chat" not in made[kind]:
                raise KeyError("chat")
            made[kind] = completed_message(made[kind])
    if made.get("edited_message"):
        made["edited_message"].setdefault("edit_date", int(time.time()))
    if made.get("my_chat_member"):
        made["my_chat_member"] = _completed_change(made["my_chat_member"])
    if made.get("callback_query"):
        press = {"chat_instance": ""} | made["callback_query"]
        press["id"] = str(press["id"])
        press["from"] = _completed_user(press["from"])
        if press.get("message"):
            press["message"] = completed_message(press["message"])
        made["callback_query"] = press
    return made


def _completed_change(change: dict[str, Any]) -> dict[str, Any]:
    """Who joined or left; of what was before nothing is used."""
    made = {"date": int(time.time())} | change
    user = _completed_user(made["from"])
    new = {"user": user} | made["new_chat_member"]
    if new["status"] == ChatMemberStatus.BANNED:
        new.setdefault("until_date", 0)
    old = {"user": user, "status": ChatMemberStatus.LEFT}
    chat = _completed_chat(made["chat"])
    return made | {"chat": chat, "from": user, "new_chat_member": new, "old_chat_member": old}


def _completed_chat(chat: dict[str, Any]) -> dict[str, Any]:
    """People's chats have positive numbers."""
    return {"type": ChatType.PRIVATE if int(chat["id"]) >= 0 else ChatType.GROUP} | chat


def _completed_user(user: dict[str, Any]) -> dict[str, Any]:
    return {"is_bot": False, "first_name": ""} | user
