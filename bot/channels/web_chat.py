"""The web-chat channel: the patient's page and its Socket.IO connection, in Rasa's server.

The cookie says which conversation a connection belongs to; every event goes through
`bot.channels.intake`. What is sent is only a notice of stored rows: a page that was away asks for
what came after the last number it has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.socketio import SocketBlueprint
from sanic import Blueprint, Sanic
from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError
from sqlalchemy.exc import SQLAlchemyError

from bot.answers import render_alone
from bot.channels import visitor
from bot.channels.in_thread import in_thread
from bot.channels.intake import Intake, Receipt
from bot.channels.page_data import accepted_language, message_data, session_data
from bot.channels.pages import add_pages, lead_to_page
from bot.errors import NotFound
from bot.language.catalogues import get_catalogues, own_name
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services import transcript
from bot.services.conversations import end_conversation, get_conversation, set_language
from bot.services.identity import end_identity, end_idle_identities
from bot.services.seal import forget_expired
from bot.services.send_texts import send_waiting_texts
from bot.services.transcript import Answer
from bot.settings import get_settings

logger = logging.getLogger(__name__)
IDLE_CHECK_SECONDS = 15
SEND_TEXTS_SECONDS = 2
LARGEST_SEQ = 2**31 - 1
"""What the database's column can hold; a page that sends more is not ours."""


class WebChat(InputChannel):
    """Rasa's input channel for the patient's page."""

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa and in table `conversations`."""
        return "web"

    def url_prefix(self) -> str:
        """Everything but Socket.IO lies under /chat."""
        return "/chat"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The pages, the Socket.IO server and the background tasks."""
        # cors_allowed_origins stays None: only the page's own origin may connect ([] would let
        # every origin in).
        server = AsyncServer(async_mode="sanic")
        blueprint = SocketBlueprint(server, "/socket.io", "web_chat", __name__)
        chat = Chat(server, on_new_message)
        add_pages(blueprint)

        @blueprint.listener("before_server_start")
        async def _lead_in(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.register_middleware(lead_to_page, "request")

        @blueprint.listener("after_server_start")
        async def _start(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.add_task(chat.resume())
            app.add_task(chat.watch_identities())
            if get_settings().mode == "production":
                app.add_task(send_texts())

        return blueprint


class Chat:
    """The events of the page; also the way out that `Intake` delivers through."""

    def __init__(
        self, server: AsyncServer, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> None:
        self._server = server
        self._intake = Intake(WebChat.name(), on_new_message, self)
        self._turns: set[asyncio.Task[None]] = set()
        self._forgotten: dict[str, set[int]] = {}
        for event in ("connect", "message", "press", "language", "history", "leave"):
            server.on(event, handler=getattr(self, f"on_{event}"))

    # ---- what the page sends ----

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
        await self._tell_session(conversation_id, hint)
        payload = f'/change_language{{"language":"{code}"}}'
        command = self._intake.command(conversation_id, data["id"][:64], own_name(code), payload)
        return await self._take(sid, conversation_id, hint, command)

    async def on_history(self, sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
        """What came after a number, and the page's session."""
        conversation_id, hint = await self._who(sid)
        after = data.get("after") if isinstance(data, dict) else 0
        after = after if isinstance(after, int) and abs(after) <= LARGEST_SEQ else 0

        def load() -> dict[str, Any]:
            now = utc_now()
            with transaction() as session:
                conversation = get_conversation(session, conversation_id)
                rows = transcript.visible_messages(session, conversation_id, now, after)
                return {
                    "messages": [message_data(session, row, now) for row in rows],
                    "session": session_data(session, conversation, hint, now),
                }

        try:
            return await asyncio.to_thread(load)
        except (NotFound, SQLAlchemyError) as error:  # left in another tab, or no database now
            logger.warning("No history for %s: %s.", conversation_id, type(error).__name__)
            return {"error": render_alone("utter_try_again", hint).text}

    async def on_leave(self, sid: str, *_data: Any) -> dict[str, Any]:
        """The patient leaves: signed out, and the conversation is closed for good."""
        conversation_id, _hint = await self._who(sid)
        await asyncio.to_thread(leave, conversation_id)
        await self._server.emit("left", {}, room=conversation_id, skip_sid=sid)
        await self._server.close_room(conversation_id)
        return {"ok": True}

    # ---- what the page is sent ----

    async def deliver(self, conversation_id: str, row: Message) -> None:
        """A stored message, to every tab of its conversation."""

        def load() -> dict[str, Any] | None:
            now = utc_now()
            with transaction() as session:
                if not transcript.is_visible(session, row, now):
                    return None  # signed out since the turn began
                return message_data(session, row, now)

        data = await in_thread(load)
        if data is not None:
            await self._server.emit("message", data, room=conversation_id)

    async def typing(self, conversation_id: str, on: bool) -> None:
        """The typing indicator."""
        await self._server.emit("typing", {"on": on}, room=conversation_id)

    async def _tell_session(self, conversation_id: str, hint: str | None) -> None:
        """The page's language and whether it is verified; what it must not show any more."""

        def load() -> tuple[dict[str, Any], list[int]] | None:
            now = utc_now()
            with transaction() as session:
                try:
                    conversation = get_conversation(session, conversation_id)
                except NotFound:
                    return None
                gone = transcript.private_numbers(session, conversation_id)
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

    # ---- background ----

    async def resume(self) -> None:
        """Answer what was stored before a crash."""
        count = await self._intake.resume()
        if count:
            logger.info("Answered %s messages that a stop had left unanswered.", count)

    async def watch_identities(self) -> None:
        """End identity sessions whose time is over, and take their answers off the pages."""

        def end() -> list[str]:
            now = utc_now()
            with transaction() as session:
                forget_expired(session, now)
                ended = end_idle_identities(session, now)
                for conversation_id in ended:
                    conversation = session.get(Conversation, conversation_id)
                    if conversation is None or conversation.ended_at is not None:
                        continue  # the patient has left: nobody is there to be told
                    rendered = render_alone("utter_identity_ended", conversation.language)
                    answer = Answer(rendered.text, rendered.language, ("utter_identity_ended",))
                    transcript.store_answer(session, conversation_id, answer, now)
                return ended

        while True:
            await asyncio.sleep(IDLE_CHECK_SECONDS)
            try:
                for conversation_id in await asyncio.to_thread(end):
                    await self._tell_session(conversation_id, None)
                    await self._deliver_last(conversation_id)
            except Exception:  # the watch goes on whatever one round meets
                logger.exception("Ending idle identity sessions failed; trying again.")

    async def _deliver_last(self, conversation_id: str) -> None:
        def load() -> list[Message]:
            with transaction() as session:
                return transcript.visible_messages(session, conversation_id, utc_now())[-1:]

        for row in await asyncio.to_thread(load):
            await self.deliver(conversation_id, row)

    # ---- plumbing ----

    async def _who(self, sid: str) -> tuple[str, str | None]:
        session = await self._server.get_session(sid)
        return session["conversation"], session["hint"]

    async def _refuse(self, sid: str, name: str) -> dict[str, Any]:
        _, hint = await self._who(sid)
        return {"ok": False, "error": render_alone(name, hint).text}

    async def _take(
        self, sid: str, conversation_id: str, hint: str | None, storing: Awaitable[Receipt]
    ) -> dict[str, Any]:
        """Store, acknowledge, and run the turn in the background."""
        try:
            receipt = await storing
        except NotFound:
            await self._server.disconnect(sid)
            return {"ok": False, "error": render_alone("utter_try_again", hint).text}
        except Exception:
            logger.exception("An event of conversation %s was not taken.", conversation_id)
            return {"ok": False, "error": render_alone("utter_try_again", hint).text}
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
            await self.deliver(conversation_id, row)
        await self._intake.answer(conversation_id, message_id, hint)
        await self._tell_session(conversation_id, hint)


async def send_texts() -> None:
    """Send one-time codes as they come, for as long as the server runs."""

    def send() -> None:
        with transaction() as session:
            send_waiting_texts(session, utc_now())

    while True:
        try:
            await asyncio.to_thread(send)
        except Exception:  # the next round tries again
            logger.exception("Sending text messages failed; trying again.")
        await asyncio.sleep(SEND_TEXTS_SECONDS)


def leave(conversation_id: str) -> None:
    """End the identity session and the conversation."""
    now = utc_now()
    with transaction() as session:
        end_identity(session, conversation_id, now, "left")
        end_conversation(session, conversation_id, now)


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
