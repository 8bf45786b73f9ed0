"""What the patient's page sends: texts, quick replies, a language, a question for its history.

The cookie says which conversation a connection belongs to; every event goes through
`bot.channels.intake`. What is answered goes out by `bot.channels.to_page`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError
from sqlalchemy.exc import SQLAlchemyError

from bot.channels import visitor
from bot.channels.in_thread import in_thread
from bot.channels.intake import Intake, Receipt
from bot.channels.page_data import accepted_language, message_data, session_data
from bot.channels.to_page import PageOut
from bot.errors import NotFound
from bot.language.catalogues import get_catalogues, own_name
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services.conversations import get_conversation, set_language
from bot.services.handoffs import patient_typing
from bot.services.leaving import leave_conversation
from bot.services.visible_messages import changed_messages, visible_messages

logger = logging.getLogger(__name__)
LARGEST_SEQ = 2**31 - 1
"""What the database's column can hold; a page that sends more is not ours."""
EVENTS = ("connect", "message", "press", "language", "history", "typing", "leave")


class PageEvents:
    """The page's events, by name `on_…`."""

    def __init__(
        self,
        channel: str,
        server: AsyncServer,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
    ) -> None:
        self._server = server
        self.way_out = PageOut(channel, server)
        self._intake = Intake(channel, on_new_message, self.way_out)
        self._turns: set[asyncio.Task[None]] = set()
        for event in EVENTS:
            server.on(event, handler=getattr(self, f"on_{event}"))

    async def resume(self) -> None:
        """Answer what was stored before a crash."""
        count = await self._intake.resume()
        if count:
            logger.info("Answered %s messages that a stop had left unanswered.", count)

    async def on_connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        """Let in whoever has a cookie of an open conversation, into that conversation only."""
        conversation_id = visitor.read_header(environ.get("HTTP_COOKIE"))
        if conversation_id is None or not await asyncio.to_thread(_is_open, conversation_id):
            raise ConnectionRefusedError("not-allowed")
        hint = accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE"))
        await self._server.save_session(sid, {"conversation": conversation_id, "hint": hint})
        await self._server.enter_room(sid, conversation_id)

    async def on_message(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """A text."""
        conversation_id, hint = await self._who(sid)
        if not _fits(data, id=str, text=str):
            return await self._refuse(sid, "utter_no_words")
        receive = self._intake.receive(conversation_id, data["id"][:64], data["text"], hint)
        return await self._take(sid, conversation_id, hint, receive)

    async def on_press(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """A quick reply: which message offered it, and which of its buttons."""
        conversation_id, hint = await self._who(sid)
        if not _fits(data, id=str, seq=int, button=int):
            return await self._refuse(sid, "utter_not_understood")
        press = self._intake.press(conversation_id, data["id"][:64], data["seq"], data["button"])
        return await self._take(sid, conversation_id, hint, press)

    async def on_language(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """A language picked on the page."""
        conversation_id, hint = await self._who(sid)
        if not _fits(data, id=str, code=str) or data["code"] not in get_catalogues().offered():
            return await self._refuse(sid, "utter_language_not_offered")
        code = data["code"]

        def choose() -> None:
            with transaction() as session:
                set_language(session, conversation_id, code, chosen=True)

        await asyncio.to_thread(choose)
        await self.way_out.tell_session(conversation_id, hint)
        payload = f'/change_language{{"language":"{code}"}}'
        command = self._intake.command(conversation_id, data["id"][:64], own_name(code), payload)
        return await self._take(sid, conversation_id, hint, command)

    async def on_history(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """What came after a number, what was changed before it, and the page's session."""
        conversation_id, hint = await self._who(sid)
        after = data.get("after") if isinstance(data, dict) else 0
        after = after if isinstance(after, int) and abs(after) <= LARGEST_SEQ else 0

        def load() -> dict[str, Any]:
            now = utc_now()
            with transaction() as session:
                conversation = get_conversation(session, conversation_id)
                new = visible_messages(session, conversation_id, now, after)
                changed = changed_messages(session, conversation_id, now, after)
                return {
                    "messages": [message_data(session, row, now) for row in new],
                    "changed": [message_data(session, row, now) for row in changed],
                    "session": session_data(session, conversation, hint, now),
                }

        try:
            return await asyncio.to_thread(load)
        except (NotFound, SQLAlchemyError) as error:  # left in another tab, or no database now
            logger.warning("No history for %s: %s.", conversation_id, type(error).__name__)
            return {"error": sentence("utter_try_again", hint).text}

    async def on_typing(self, sid: str, *_data: Any) -> None:
        """The patient is writing: shown to staff while a chat is open."""
        conversation_id, _hint = await self._who(sid)

        def note() -> None:
            with transaction() as session:
                patient_typing(session, conversation_id, utc_now())

        try:
            await asyncio.to_thread(note)
        except SQLAlchemyError:  # a sign of typing is never worth an error
            logger.warning("A typing sign of conversation %s was not noted.", conversation_id)

    async def on_leave(self, sid: str, *_data: Any) -> dict[str, Any]:
        """The patient leaves: signed out, and the conversation is closed for good."""
        conversation_id, _hint = await self._who(sid)

        def leave() -> None:
            with transaction() as session:
                leave_conversation(session, conversation_id, utc_now())

        await asyncio.to_thread(leave)
        await self._server.emit("left", {}, room=conversation_id, skip_sid=sid)
        await self._server.close_room(conversation_id)
        return {"ok": True}

    async def _who(self, sid: str) -> tuple[str, str | None]:
        session = await self._server.get_session(sid)
        return session["conversation"], session["hint"]

    async def _refuse(self, sid: str, name: str) -> dict[str, Any]:
        _, hint = await self._who(sid)
        return {"ok": False, "error": sentence(name, hint).text}

    async def _take(
        self, sid: str, conversation_id: str, hint: str | None, storing: Awaitable[Receipt]
    ) -> dict[str, Any]:
        """Store, acknowledge, and run the turn in the background."""
        try:
            receipt = await storing
        except NotFound:
            await self._server.disconnect(sid)
            return {"ok": False, "error": sentence("utter_try_again", hint).text}
        except Exception:
            logger.exception("An event of conversation %s was not taken.", conversation_id)
            return {"ok": False, "error": sentence("utter_try_again", hint).text}
        if not receipt.ok or receipt.message_id is None:
            return {"ok": False, "error": receipt.error}
        if receipt.new:
            turn = asyncio.ensure_future(self._turn(conversation_id, receipt.message_id, hint))
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return {"ok": True, "seq": receipt.seq}

    async def _turn(self, conversation_id: str, message_id: int, hint: str | None) -> None:
        row = await in_thread(_load_message, message_id)
        if row is not None:
            await self.way_out.show(row)
        await self._intake.answer(conversation_id, message_id, hint)
        await self.way_out.tell_session(conversation_id, hint)


def _is_open(conversation_id: str) -> bool:
    with transaction() as session:
        try:
            get_conversation(session, conversation_id)
        except NotFound:
            return False
        return True


def _load_message(message_id: int) -> Message | None:
    with transaction() as session:
        return session.get(Message, message_id)


def _fits(data: Any, **kinds: type) -> bool:
    """Whether an event is a dict with these fields, and an id that can be told from others."""
    fields = isinstance(data, dict) and all(isinstance(data.get(k), t) for k, t in kinds.items())
    return fields and bool(data["id"].strip())
