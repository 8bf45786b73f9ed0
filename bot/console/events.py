"""/events: the stream of what changed, one per browser (its tabs share one, see assets/live.js).

Each event has its id; a browser that comes back says the last one it had (`Last-Event-ID`, or
`?after=` at the first time) and gets what it missed. The stream ends with `session_ended`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.hub import Hub, Listener
from bot.console.security import EVENTS, SignedIn, signed_in_at

HEARTBEAT_SECONDS = 15
RETRY_MS = 1000
SEND_TIMEOUT_SECONDS = 20
STOP_SECONDS = 1
LONGEST_ID = 18
SESSION_ENDED = '{"kind": "session_ended"}'


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Hub]]:
    """The poller of this process, for as long as the console runs."""
    async with Hub() as hub:
        yield {"hub": hub}


async def stream_events(request: Request) -> Response:
    """The stream. Without a session it says so and ends: a browser is told no status of it."""
    signed_in = signed_in_at(request)
    stopping = anyio.Event()
    return EventSourceResponse(
        _events(request, signed_in, stopping) if signed_in else _nothing(),
        shutdown_event=stopping,
        shutdown_grace_period=STOP_SECONDS,
        ping=HEARTBEAT_SECONDS,
        ping_message_factory=_heartbeat,
        send_timeout=SEND_TIMEOUT_SECONDS,
        sep="\n",
    )


async def _events(
    request: Request, signed_in: SignedIn, stopping: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    hub: Hub = request.state.hub
    listener = Listener(signed_in.id, signed_in.session_id, _after(request, signed_in))
    yield ServerSentEvent(event="ready", data="", retry=RETRY_MS, sep="\n")
    stop = asyncio.create_task(_end_at(stopping, listener))
    try:
        with hub.listening(listener):
            async for number, data in listener:
                yield ServerSentEvent(data, id=None if number is None else str(number), sep="\n")
    finally:
        stop.cancel()
    if listener.session_ended:
        yield ServerSentEvent(SESSION_ENDED, sep="\n")


async def _end_at(stopping: anyio.Event, listener: Listener) -> None:
    """The process stops: end the stream as it should end, and the browser comes back by itself."""
    await stopping.wait()
    listener.end()


async def _nothing() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(SESSION_ENDED, retry=RETRY_MS, sep="\n")


def _after(request: Request, signed_in: SignedIn) -> int:
    """The last event that the browser has; the newest one when it says none."""
    said = request.headers.get("last-event-id") or request.query_params.get("after", "")
    readable = said.isascii() and said.isdigit() and len(said) <= LONGEST_ID
    return int(said) if readable else signed_in.last_event


def _heartbeat() -> ServerSentEvent:
    """An event, not a comment: the browser's script has to see that the line is alive."""
    return ServerSentEvent(event="heartbeat", data="", sep="\n")


routes = [Route(EVENTS, stream_events)]
