"""The web-chat channel: the patient's page and its Socket.IO connection, in Rasa's server.

Here all is wired: the pages (`pages`), what the page sends (`from_page`), what goes out
(`delivery`, `slot_events`), and the watch over identity sessions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from engineio.payload import Payload
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.socketio import SocketBlueprint
from sanic import Blueprint, Sanic
from socketio import AsyncServer

from bot.channels import slot_events
from bot.channels.from_page import PageEvents
from bot.channels.pages import add_pages, lead_to_page

PACKETS_AT_ONCE = 200
"""What a page may send in one request while it has no web socket. At engine.io's 16 the connection
was cut: a patient who writes many short messages in fear must not lose the last one."""


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
        Payload.max_decode_packets = PACKETS_AT_ONCE
        blueprint = SocketBlueprint(server, "/socket.io", "web_chat", __name__)
        events = PageEvents(self.name(), server, on_new_message)
        add_pages(blueprint)

        @blueprint.listener("before_server_start")
        async def _lead_in(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.register_middleware(lead_to_page, "request")

        @blueprint.listener("after_server_start")
        async def _start(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.add_task(events.resume())
            app.add_task(events.way_out.delivery.run())
            app.add_task(events.way_out.show_typing_staff())
            app.add_task(events.way_out.watch_identities())
            app.add_task(slot_events.run(app.ctx.agent))

        return blueprint
