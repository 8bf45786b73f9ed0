"""A patient on Telegram, with the same ways to talk as one at the web page (`PatientPage`)."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bot.language.catalogues import own_name
from bot.records.base import utc_now
from bot.records.channel_models import PrivateChat
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services.keys import keyed_hash
from bot.services.telegram_chats import refs_of
from bot.services.transcript import CARD_PREFIX
from bot.services.visible_messages import queued_messages
from tests.site.patient import TURN_SECONDS, Said
from tests.site.telegram_api import ChatRoom, Standing, TelegramApi

ROW_SECONDS = 1
"""How long after Telegram has a message its id may take to be remembered."""
_NUMBERS = itertools.count(700_000_001)
ISOLATES = "\u2068\u2069"
"""They keep a name's direction in an Arabic answer; nobody sees them."""


class TelegramPatient:
    """Writes, presses, and reads what stands in the chat. Use as a context manager."""

    def __init__(self, api: TelegramApi, *, language: str = "en", link: str = "") -> None:
        """`link`: what /start comes with."""
        self.api = api
        self.number = next(_NUMBERS)
        self.user = {"id": self.number, "is_bot": False, "first_name": "Pat"}
        self.user["language_code"] = language
        self.room: ChatRoom = api.chat(self.number)
        self._heard: list[Said] = []
        self._read = 0
        if link:
            self.api.send(self.number, self.user, text=f"/start {link}")
            self.wait_for(1)

    def __enter__(self) -> TelegramPatient:
        return self

    def __exit__(self, *_: object) -> None:
        """A chat stays open; there is nothing to close."""

    @property
    def conversation(self) -> str:
        """The id of the chat's newest conversation, as soon as there is one."""
        newest = (
            select(PrivateChat.conversation_id)
            .where(PrivateChat.chat_hash == keyed_hash("telegram chat", str(self.number)))
            .order_by(PrivateChat.created_at.desc())
            .limit(1)
        )
        end = time.monotonic() + TURN_SECONDS
        while time.monotonic() < end:
            with transaction() as session:
                found = session.execute(newest).scalar_one_or_none()
            if found is not None:
                return str(found)
            time.sleep(0.05)
        raise AssertionError("Nobody has written in this chat.")

    @property
    def heard(self) -> list[Said]:
        """All that has come so far, in order."""
        self._take()
        return self._heard

    def say(self, text: str) -> list[Said]:
        """Write a text; returns what is answered to it."""
        self._take()
        message_id = self.api.send(self.number, self.user, text=text)
        return self._answers(f"t{message_id}")

    def post(self, text: str) -> None:
        """Write a text without waiting for its answer."""
        self.api.send(self.number, self.user, text=text)

    def press(self, title: str) -> list[Said]:
        """Press the newest button of that title."""
        self._take()
        for standing in reversed(self.room.of_bot()):
            for button in (b for row in standing.keyboard for b in row):
                if button["text"].strip(ISOLATES) == title.strip(ISOLATES):
                    data = button["callback_data"]
                    query = self.api.press(self.number, standing.message_id, data, self.user)
                    return self._answers(f"c{query}")
        raise AssertionError(f"No button “{title}” in the chat.")

    def choose(self, language: str) -> list[Said]:
        """Pick a language: /language, then its own name."""
        self.say("/language")
        return self.press(own_name(language))

    def history(self) -> list[dict[str, Any]]:
        """What stands in the chat of the bot's."""
        return [self._shown(index, m) for index, m in enumerate(self.room.of_bot())]

    def _shown(self, index: int, standing: Standing) -> dict[str, Any]:
        row = self._row_of(standing.message_id)
        return {
            "text": standing.text,
            "buttons": standing.titles,
            "sender": "bot",
            "language": None,
            "seq": index,
            "private": row is not None and row.identity_session_id is not None,
        }

    def wait_for(self, count: int, seconds: float = TURN_SECONDS) -> list[Said]:
        """Until so many messages more than before stand in the chat."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(self._new()) >= count:
                return self._take()
            time.sleep(0.05)
        raise AssertionError(f"Only {len(self._new())} of {count} messages came.")

    def _answers(self, channel_message_id: str) -> list[Said]:
        """Wait until the message is answered and all that is queued has come."""
        end = time.monotonic() + TURN_SECONDS
        while time.monotonic() < end:
            if self._is_done(channel_message_id):
                return self._take()
            time.sleep(0.05)
        raise AssertionError("No answer came in time.")

    def _is_done(self, channel_message_id: str) -> bool:
        """Answered; or refused at the door: then it is stored nowhere, and something was said."""
        with transaction() as session:
            row = session.execute(
                select(Message)
                .join(PrivateChat, PrivateChat.conversation_id == Message.conversation_id)
                .where(
                    Message.channel_message_id == channel_message_id,
                    PrivateChat.chat_hash == keyed_hash("telegram chat", str(self.number)),
                )
            ).scalar_one_or_none()
            if row is None:
                return bool(self._new())
            if row.status != "answered":
                return False
            return not queued_messages(session, row.conversation_id, utc_now())

    def _new(self) -> list[Standing]:
        """What the bot has said since; a document says nothing, and is looked at in the room."""
        said = [m for m in list(self.room.messages.values()) if m.own and m.file is None]
        return [m for m in said if m.message_id > self._read]

    def _take(self) -> list[Said]:
        new = self._new()
        said = [self._said(m) for m in new]
        self._read = max([self._read, *(m.message_id for m in new)])
        self._heard += said
        return said

    def _said(self, standing: Standing) -> Said:
        """As the page would be told it. A refusal is in no row."""
        heard = Said(standing.message_id, standing.text, standing.titles, None, None, False)
        end = time.monotonic() + ROW_SECONDS
        while (row := self._row_of(standing.message_id)) is None:
            if time.monotonic() > end:
                return heard
            time.sleep(0.02)
        card = any(name.startswith(CARD_PREFIX) for name in (row.response or "").split(","))
        private = row.identity_session_id is not None
        return replace(heard, language=row.language, kind="card" if card else None, private=private)

    def _row_of(self, message_id: int) -> Message | None:
        """The stored message that a standing one is a part of, once its id is remembered."""
        with transaction() as session:
            rows = session.execute(
                select(Message)
                .join(PrivateChat, PrivateChat.conversation_id == Message.conversation_id)
                .where(
                    PrivateChat.chat_hash == keyed_hash("telegram chat", str(self.number)),
                    Message.channel_ref.isnot(None),
                )
            ).scalars()
            return next((row for row in rows if message_id in refs_of(row)), None)
