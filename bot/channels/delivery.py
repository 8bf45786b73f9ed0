"""Sends what is queued: by number, one sender a conversation, and again what failed.

Runs in Rasa's process. A message is a row first; whoever wrote it, it waits here with status
"queued" until the channel took it. Two processes don't send to one conversation at once: the
conversation's lease says who does, and runs out when that process dies. At least once; the page
drops repeats by number and revision; Telegram may show one twice after a crash in between.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from sqlalchemy import or_, select, update

from bot.channels.in_thread import in_thread
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services.visible_messages import queued_messages

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.25
LEASE = timedelta(seconds=20)
LONGEST_ROUND_SECONDS = 10
"""Then the lease is given back, long before it would run out under a slow channel."""

Send = Callable[[Message], Awaitable[None]]
"""Gives one message to the channel; raises when the channel did not take it."""


class NotNow(Exception):
    """The channel can't take a message now: it stays queued, and so does all that follows it.

    Args:
        seconds: before the next try.
        whole_channel: no other conversation's messages either.
    """

    def __init__(self, seconds: float, *, whole_channel: bool = False) -> None:
        super().__init__(f"not before {seconds} s")
        self.seconds, self.whole_channel = seconds, whole_channel


class Delivery:
    """The sender of one channel in this process."""

    def __init__(self, channel: str, send: Send) -> None:
        self._channel, self._send = channel, send
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._not_before: dict[str | None, float] = {}

    async def run(self) -> None:
        """Look for queued messages, for as long as the server runs."""
        while True:
            try:
                for conversation_id in await asyncio.to_thread(_with_queued, self._channel):
                    await self.send_queued(conversation_id)
            except Exception:  # the loop goes on whatever one round meets
                logger.exception("Sending what is queued failed; trying again.")
            await asyncio.sleep(POLL_SECONDS)

    async def send_queued(self, conversation_id: str) -> None:
        """Send what is queued for one conversation, in order; nothing while it has to wait."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            if self._waits(conversation_id):
                return
            rows = await in_thread(_lease, conversation_id, self._channel, self._name)
            sent: list[tuple[int, int]] = []
            end = time.monotonic() + LONGEST_ROUND_SECONDS
            try:
                for row in rows:
                    await self._send(row)
                    sent.append((row.id, row.revision))
                    if time.monotonic() > end:
                        break
            except NotNow as wait:
                whose = None if wait.whole_channel else conversation_id
                self._not_before[whose] = time.monotonic() + wait.seconds
            finally:
                if rows:
                    await in_thread(_finish, conversation_id, self._name, sent)

    def wait_no_longer(self, conversation_id: str) -> None:
        """The conversation can be reached again."""
        self._not_before.pop(conversation_id, None)

    def _waits(self, conversation_id: str) -> bool:
        """Whether the conversation, or the whole channel (None), has to wait still."""
        now = time.monotonic()
        for whose in (None, conversation_id):
            if self._not_before.get(whose, now) > now:
                return True
            self._not_before.pop(whose, None)
        return False


def _with_queued(channel: str) -> list[str]:
    """Conversations of a channel with something to send, the longest waiting first."""
    with transaction() as session:
        rows = session.execute(
            select(Message.conversation_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.status == "queued",
                Conversation.channel == channel,
                Conversation.ended_at.is_(None),
            )
            .order_by(Message.id)
        ).scalars()
        return list(dict.fromkeys(rows))


def _lease(conversation_id: str, channel: str, name: str) -> list[Message]:
    """Take the conversation and what may be sent to it; nothing while another process has it, and
    nothing of another channel."""
    now = utc_now()
    with transaction() as session:
        rows = queued_messages(session, conversation_id, now)
        if not rows:
            return []
        free = or_(
            Conversation.sender_until.is_(None),
            Conversation.sender_until <= now,
            Conversation.sender_name == name,
        )
        taken = session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.channel == channel, free)
            .values(sender_name=name, sender_until=_until(now))
            .execution_options(synchronize_session=False)
        ).rowcount
        return rows if taken else []


def _until(now: datetime) -> datetime:
    return now + LEASE


def _finish(conversation_id: str, name: str, sent: list[tuple[int, int]]) -> None:
    """Mark what went out, but for what was changed meanwhile; give the conversation back."""
    with transaction() as session:
        for message_id, revision in sent:
            session.execute(
                update(Message)
                .where(Message.id == message_id, Message.revision == revision)
                .values(status="sent")
            )
        session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.sender_name == name)
            .values(sender_name=None, sender_until=None)
        )
