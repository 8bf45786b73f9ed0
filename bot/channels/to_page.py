"""What the patient's page is sent: messages, typing signs, and its session.

What is sent is only a notice of stored rows: a page that was away asks for what came after the
last number it has.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any

from socketio import AsyncServer

from bot.channels.delivery import POLL_SECONDS, Delivery
from bot.channels.in_thread import in_thread
from bot.channels.page_data import message_data, session_data
from bot.errors import NotFound
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services import outbox
from bot.services.conversations import get_conversation
from bot.services.handoffs.telling import tell
from bot.services.identity import end_idle_identities
from bot.services.visible_messages import is_visible, private_numbers

logger = logging.getLogger(__name__)
IDLE_CHECK_SECONDS = 15


class PageOut:
    """The way out of the web channel."""

    def __init__(self, channel: str, server: AsyncServer) -> None:
        self._server = server
        self.delivery = Delivery(channel, self.show)
        self._forgotten: dict[str, set[int]] = {}

    async def send_queued(self, conversation_id: str) -> None:
        """Send what is queued, in order."""
        await self.delivery.send_queued(conversation_id)

    async def show(self, row: Message) -> None:
        """A stored message, to every tab of its conversation."""

        def load() -> dict[str, Any] | None:
            now = utc_now()
            with transaction() as session:
                if not is_visible(session, row, now):
                    return None  # signed out since it was written
                return message_data(session, row, now)

        data = await in_thread(load)
        if data is not None:
            await self._server.emit("message", data, room=row.conversation_id)
        if row.sender == "bot" and row.reply_to_id is None:  # somebody may have joined or left
            await self.tell_session(row.conversation_id)

    async def typing(self, conversation_id: str, on: bool) -> None:
        """Show or hide that the assistant is writing."""
        sign = {"on": on, "who": "bot"}
        await self._server.emit("typing", sign, room=conversation_id)

    async def show_typing_staff(self) -> None:
        """Show that a coordinator is writing, as the signs come in the outbox."""
        while True:
            try:
                for conversation_id in await asyncio.to_thread(_take_typing_signs):
                    sign = {"on": True, "who": "coordinator"}
                    await self._server.emit("typing", sign, room=conversation_id)
            except Exception:  # a sign of typing is never worth a stop
                logger.exception("Typing signs could not be shown; trying again.")
            await asyncio.sleep(POLL_SECONDS)

    async def tell_session(self, conversation_id: str, hint: str | None = None) -> None:
        """The page's language and whether it is verified; what it must not show any more."""

        def load() -> tuple[dict[str, Any], list[int]] | None:
            now = utc_now()
            with transaction() as session:
                try:
                    conversation = get_conversation(session, conversation_id)
                except NotFound:
                    return None
                gone = private_numbers(session, conversation_id, now)
                return session_data(session, conversation, hint, now), gone

        found = await in_thread(load)
        if found is None:
            return
        data, gone = found
        new = set(gone) - self._forgotten.get(conversation_id, set())
        if new:
            self._forgotten[conversation_id] = set(gone)
            await self._server.emit("forget", {"seqs": sorted(new)}, room=conversation_id)
        await self._server.emit("session", data, room=conversation_id)

    async def watch_identities(self) -> None:
        """End identity sessions whose time is over, and take their answers off the pages."""
        while True:
            await asyncio.sleep(IDLE_CHECK_SECONDS)
            try:
                for conversation_id in await asyncio.to_thread(_end_idle):
                    await self.tell_session(conversation_id)
                    await self.send_queued(conversation_id)
            except Exception:  # the watch goes on whatever one round meets
                logger.exception("Ending idle identity sessions failed; trying again.")


def _end_idle() -> list[str]:
    now = utc_now()
    with transaction() as session:
        ended = end_idle_identities(session, now)
        for conversation_id in ended:
            tell(session, conversation_id, ["utter_identity_ended"], now)
        return ended


def _take_typing_signs() -> list[str]:
    """Conversations in which staff are writing now; signs that came too late are dropped."""
    now = utc_now()
    with transaction() as session:
        items = outbox.due(session, "typing", now)
        for item in items:
            item.done_at = now
        return [
            str(item.conversation_id)
            for item in items
            if datetime.fromisoformat(item.payload["until"]) > now
        ]
