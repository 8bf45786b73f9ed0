"""What a slow or dead translator may cost: seconds for one text, and nothing after three failures.

`translator.MachineTranslator` runs every request through both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from threading import BoundedSemaphore, Lock, Thread
from typing import TypeVar

from bot.errors import TranslationFailed

FAILURES_TO_OPEN = 3
OPEN_SECONDS = 30.0
REQUESTS_AT_ONCE = 8
"""Requests under way in one process, those that we have stopped waiting for included."""

Answer = TypeVar("Answer")
_places = BoundedSemaphore(REQUESTS_AT_ONCE)


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What `ask` gives, if it gives it in time.

    A timeout of the socket counts from byte to byte, so a server that drips one a second would
    hold us for ever. Here `ask` runs in a thread of its own, which is left to itself when the
    time is over. The thread is a daemon: `ThreadPoolExecutor` would wait for it when we stop.

    Raises:
        TranslationFailed: "slow" after `seconds`; "busy" when too many are under way.
    """
    if not _places.acquire(blocking=False):
        raise TranslationFailed("busy")
    outcome: Future[Answer] = Future()

    def run() -> None:
        try:
            outcome.set_result(ask())
        except BaseException as error:  # carried over to the thread that waits
            outcome.set_exception(error)
        finally:
            _places.release()

    Thread(target=run, name="translation", daemon=True).start()
    with suppress(FutureTimeout):
        return outcome.result(timeout=seconds)
    raise TranslationFailed("slow")


class Breaker:
    """Lets nothing through for 30 s after three failures in a row, then one request to try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0
        self._lock = Lock()

    def lets_through(self) -> bool:
        """True when a request may be made now; its outcome must be told to `note`."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return True
            now = self._clock()
            if now < self._closed_from:
                return False
            self._closed_from = now + OPEN_SECONDS  # this one tries; the others go on waiting
            return True

    def note(self, *, answered: bool) -> None:
        """The outcome of a request: did the translator answer, whatever it said?"""
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            if self._failures >= FAILURES_TO_OPEN:
                self._closed_from = self._clock() + OPEN_SECONDS
