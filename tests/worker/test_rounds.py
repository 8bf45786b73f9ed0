"""The worker's rounds: a job that fails or hangs holds up nobody, and says nothing of a patient."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from bot.errors import WaymarkError
from bot.records.base import utc_now
from bot.worker.jobs import Job
from bot.worker.rounds import LONGEST_PAUSE_SECONDS, Round, run_jobs

SECRET = "Zofia Nowak"


class Right:
    """The right to act, given and taken by the test."""

    def __init__(self, ours: bool = True) -> None:
        self.ours = ours
        self.given_up = False

    def is_ours(self) -> bool:
        return self.ours

    def give_up(self) -> None:
        self.given_up = True


class Counting:
    """A job that counts its runs, and fails while told to."""

    def __init__(self) -> None:
        self.moments: list[datetime] = []
        self.error: Exception | None = None

    def __call__(self, now: datetime) -> None:
        self.moments.append(now)
        if self.error is not None:
            raise self.error


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def until(condition: Callable[[], bool]) -> Callable[[float], bool]:
    """Tells the worker to stop once the condition holds; gives up after 10 s."""
    end = time.monotonic() + 10

    def told_to_stop(_seconds: float) -> bool:
        time.sleep(0.02)
        return condition() or time.monotonic() > end

    return told_to_stop


def test_a_job_runs_at_once_and_again_and_again_by_the_sites_clock() -> None:
    job = Counting()
    run_jobs([Job("count", 0.05, job)], Right(), until(lambda: len(job.moments) >= 4))  # type: ignore[arg-type]
    assert len(job.moments) >= 4
    assert abs((job.moments[0] - utc_now()).total_seconds()) < 15


def test_a_job_that_fails_or_hangs_does_not_hold_up_the_others() -> None:
    fine, failing, release = Counting(), Counting(), threading.Event()
    failing.error = ValueError("no")
    jobs = [
        Job("hangs", 0.05, lambda _now: release.wait(10)),
        Job("fails", 0.05, failing),
        Job("fine", 0.05, fine),
    ]

    def enough() -> bool:
        if len(fine.moments) >= 5:
            release.set()
        return release.is_set()

    run_jobs(jobs, Right(), until(enough))  # type: ignore[arg-type]
    assert len(fine.moments) >= 5
    assert failing.moments


def test_a_stop_waits_for_the_job_that_is_under_way_and_gives_up_the_right() -> None:
    begun, ended, right = threading.Event(), threading.Event(), Right()

    def slowly(_now: datetime) -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    run_jobs([Job("slow", 60, slowly)], right, until(begun.is_set))  # type: ignore[arg-type]
    assert ended.is_set()
    assert right.given_up


def test_a_worker_without_the_right_does_nothing_until_it_gets_it() -> None:
    job, right, asked = Counting(), Right(ours=False), 0

    def told_to_stop(_seconds: float) -> bool:
        nonlocal asked
        asked += 1
        time.sleep(0.05)
        if asked == 5:
            assert job.moments == []
            right.ours = True
        return len(job.moments) >= 2 or asked > 200

    run_jobs([Job("count", 0.02, job)], right, told_to_stop)  # type: ignore[arg-type]
    assert len(job.moments) >= 2


def test_a_worker_that_loses_the_right_stops_acting() -> None:
    job, right, seen, asked = Counting(), Right(), 0, 0

    def told_to_stop(_seconds: float) -> bool:
        nonlocal asked, seen
        asked += 1
        time.sleep(0.1)
        if asked == 3:
            right.ours = False
        if asked == 5:
            seen = len(job.moments)
        return asked >= 9

    run_jobs([Job("count", 0.02, job)], right, told_to_stop)  # type: ignore[arg-type]
    assert seen > 0
    assert len(job.moments) == seen


def test_a_failing_job_pauses_longer_each_time_and_recovers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job, clock = Counting(), Clock()
    job.error = ValueError(SECRET)
    round_ = Round(Job("count", 0.25, job), clock)
    runs = []
    for _ in range(4 * 200):
        round_()
        clock.now += 0.25
        runs.append(len(job.moments))
    assert runs[-1] == 9  # after 0, 1, 3, 7, 15, 31, 63, 123, 183 s
    assert runs[-1] < 200 / LONGEST_PAUSE_SECONDS + 7
    job.error = None
    clock.now += LONGEST_PAUSE_SECONDS
    with caplog.at_level(logging.INFO):
        round_()
        round_()
    assert len(job.moments) == 11
    assert caplog.text.count("Job count goes on after 9 failures.") == 1


@pytest.mark.parametrize("error", [ValueError(SECRET), WaymarkError(SECRET), KeyError(SECRET)])
def test_an_error_is_logged_by_kind_and_place_without_its_words(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    job = Counting()
    job.error = error
    Round(Job("count", 1, job))()
    assert f"Job count failed ({type(error).__name__} in " in caplog.text
    assert "Zofia" not in caplog.text
