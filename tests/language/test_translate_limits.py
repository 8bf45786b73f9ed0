"""What a slow or dead translator may cost."""

from __future__ import annotations

import threading
import time

import pytest

from bot.errors import TranslationFailed
from bot.language.translate.limits import (
    FAILURES_TO_OPEN,
    OPEN_SECONDS,
    REQUESTS_AT_ONCE,
    Breaker,
    within,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """One that has just seen as many failures in a row as it takes."""
    made = Breaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        assert made.lets_through()
        made.note(answered=False)
    return made


def test_an_answer_in_time_is_passed_on_and_an_error_too() -> None:
    assert within(1, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        within(1, lambda: 1 // 0)


def test_waiting_ends_with_the_time_and_leaves_the_request_to_itself() -> None:
    let_go = threading.Event()
    start = time.monotonic()
    with pytest.raises(TranslationFailed) as caught:
        within(0.05, let_go.wait)
    let_go.set()
    assert caught.value.reason == "slow"
    assert time.monotonic() - start < 1
    assert caught.value.__context__ is None


def test_a_request_that_hangs_does_not_keep_the_process_from_ending() -> None:
    let_go = threading.Event()
    with pytest.raises(TranslationFailed):
        within(0.01, let_go.wait)
    ours = [thread for thread in threading.enumerate() if thread.name == "translation"]
    let_go.set()
    assert ours and all(thread.daemon for thread in ours)


def test_only_so_many_requests_hang_at_once_and_their_places_come_back() -> None:
    let_go = threading.Event()
    ended = threading.Semaphore(0)

    def hang() -> None:
        let_go.wait()
        ended.release()

    reasons = []
    for _ in range(REQUESTS_AT_ONCE + 1):
        with pytest.raises(TranslationFailed) as caught:
            within(0.01, hang)
        reasons.append(caught.value.reason)
    assert reasons == ["slow"] * REQUESTS_AT_ONCE + ["busy"]
    let_go.set()
    for _ in range(REQUESTS_AT_ONCE):
        assert ended.acquire(timeout=2)
    deadline = time.monotonic() + 2
    while "translation" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert within(1, lambda: "free") == "free"


def test_fewer_failures_in_a_row_change_nothing(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(10):
        for answered in [False] * (FAILURES_TO_OPEN - 1) + [True]:
            assert breaker.lets_through()
            breaker.note(answered=answered)


def test_after_failures_in_a_row_nothing_goes_through_for_a_while(
    breaker: Breaker, clock: Clock
) -> None:
    assert not breaker.lets_through()
    clock.now += OPEN_SECONDS - 0.1
    assert not breaker.lets_through()


def test_then_one_request_tries_and_the_others_go_on_waiting(
    breaker: Breaker, clock: Clock
) -> None:
    clock.now += OPEN_SECONDS
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]


def test_a_try_that_is_answered_opens_the_way_for_all(breaker: Breaker, clock: Clock) -> None:
    clock.now += OPEN_SECONDS
    assert breaker.lets_through()
    breaker.note(answered=True)
    assert [breaker.lets_through() for _ in range(3)] == [True, True, True]


def test_a_try_that_fails_closes_it_again(breaker: Breaker, clock: Clock) -> None:
    clock.now += OPEN_SECONDS
    assert breaker.lets_through()
    clock.now += 3
    breaker.note(answered=False)
    clock.now += OPEN_SECONDS - 1
    assert not breaker.lets_through()
    clock.now += 1
    assert breaker.lets_through()
