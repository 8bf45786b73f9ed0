"""The one poller of a console process: reads new live events and hands them to open streams.

One transaction a round, whatever the number of browsers. Each listener has a queue of its own: a
slow browser fills only that, is dropped when it is full, and catches up when it comes back.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from bot.console.event_data import TellAll, Told, told_to
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.live import last_event_id
from bot.services.staff_sessions import End, ends_at, running_session

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.25
SESSION_CHECK = timedelta(seconds=30)
WARNING = timedelta(minutes=2) + SESSION_CHECK
"""A session's end is said at least two minutes before (WCAG 2.2.1 wants twenty seconds)."""
QUEUE_LENGTH = 1000
LARGEST_GAP = 2000
"""A browser that missed more loads its page anew."""
RELOAD = json.dumps({"kind": "reload"})


class Listener:
    """One stream: whose it is, up to which event it was told, and what waits to be sent."""

    def __init__(self, staff_id: str, session_id: str, after: int) -> None:
        self.staff_id = staff_id
        self.session_id = session_id
        self.after = after
        self.session_ended = False
        self.warned = False
        self._waiting: asyncio.Queue[tuple[int | None, str] | None] = asyncio.Queue(
            QUEUE_LENGTH + 1
        )

    async def __aiter__(self) -> AsyncIterator[tuple[int | None, str]]:
        while (item := await self._waiting.get()) is not None:
            yield item

    def tell(self, number: int | None, data: str) -> bool:
        """Put an event into the queue; False when it is full.

        Args:
            number: its id; None: not one of the numbered events, and not sent a second time.
        """
        if self._waiting.qsize() >= QUEUE_LENGTH:
            return False
        self._waiting.put_nowait((number, data))
        return True

    def end(self) -> None:
        """Nothing more comes: the stream closes after what is waiting."""
        if not self._waiting.full():
            self._waiting.put_nowait(None)


@dataclass(frozen=True)
class Outcome:
    """What one round found for one listener."""

    events: list[Told]
    session_ended: bool = False
    warning: str | None = None


class Hub:
    """Polls while it is entered (`async with Hub()`)."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._newest = 0
        self._checked_at = utc_now()

    async def __aenter__(self) -> Hub:
        self._task = asyncio.create_task(self._poll())
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
        for listener in self._listeners:
            listener.end()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Tell this listener from now on; what it missed comes at once."""
        self._listeners.add(listener)
        self._wake.set()
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def _poll(self) -> None:
        while True:
            try:
                await self._round()
            except Exception as error:  # whatever it is: nobody else would poll in its place
                logger.warning("Live events not read (%s); trying again.", type(error).__name__)
            try:
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            except asyncio.TimeoutError:
                continue
            self._wake.clear()

    async def _round(self) -> None:
        if not self._listeners:
            return
        listeners = list(self._listeners)
        newest, outcomes = await run_in_threadpool(self._read, listeners)
        for listener, outcome in zip(listeners, outcomes):
            fits = all(listener.tell(told.number, told.data) for told in outcome.events)
            if outcome.warning:
                listener.tell(None, outcome.warning)
            listener.after = newest
            listener.session_ended = outcome.session_ended
            if outcome.session_ended or not fits:
                self._listeners.discard(listener)
                listener.end()

    def _read(self, listeners: list[Listener]) -> tuple[int, list[Outcome]]:
        """The newest event's id, and what each listener is to be told: one transaction."""
        now = utc_now()
        check_all = now - self._checked_at >= SESSION_CHECK
        with transaction() as session:
            newest = last_event_id(session)
            told = _told_by_staff(session, listeners, newest)
            outcomes = [
                _outcome(session, one, told.get(one.staff_id, []), newest, now, check_all)
                for one in listeners
            ]
        if check_all:
            self._checked_at = now
        return newest, outcomes


def _outcome(
    session: Session,
    listener: Listener,
    told: list[Told],
    newest: int,
    now: datetime,
    check: bool,
) -> Outcome:
    events = _missed_by(listener, told, newest)
    if not check and not any(event.kind == "session_ended" for event in events):
        return Outcome(events)
    row = running_session(session, listener.session_id, now)
    if row is None:
        return Outcome([], session_ended=True)
    kept = [event for event in events if event.kind != "session_ended"]
    return Outcome(kept, warning=_warning(listener, ends_at(row), now))


def _warning(listener: Listener, end: End, now: datetime) -> str | None:
    """What the page is told of the session's end: that it is near, and once that it isn't."""
    near = end.moment - now <= WARNING
    if not near and not listener.warned:
        return None
    listener.warned = near
    seconds = int((end.moment - now).total_seconds()) if near else None
    said = {"kind": "session_ending", "seconds": seconds, "extendable": end.extendable}
    return json.dumps(said)


def _told_by_staff(session: Session, listeners: list[Listener], newest: int) -> TellAll:
    """What happened since the one furthest behind, by person."""
    behind = [one for one in listeners if 0 < newest - one.after <= LARGEST_GAP]
    if not behind:
        return {}
    after = min(one.after for one in behind)
    return told_to(session, {one.staff_id for one in behind}, after, newest)


def _missed_by(listener: Listener, told: list[Told], newest: int) -> list[Told]:
    """Of what a person may know, what this stream has not had yet."""
    gap = newest - listener.after
    if gap < 0 or gap > LARGEST_GAP:  # below 0: the database was made anew
        return [Told(newest, "reload", RELOAD)]
    return [event for event in told if event.number > listener.after]
