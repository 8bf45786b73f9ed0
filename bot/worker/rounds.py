"""Runs the jobs by APScheduler, each in a thread of its own, for as long as this worker may act.

A job that fails is tried again, later each time; what it had begun is rolled back, and the other
jobs don't notice.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timezone

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.records.base import utc_now
from bot.worker.jobs import Job
from bot.worker.only_one import OnlyOne

logger = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 60.0
ASK_SECONDS = 1.0
"""How often a waiting worker asks whether it may act, and an acting one whether it still may."""


class Round:
    """One job's runs; after failures it pauses for 1, 2, 4 … up to 60 s."""

    def __init__(self, job: Job, clock: Callable[[], float] = time.monotonic) -> None:
        self.job = job
        self._clock = clock
        self._failures = 0
        self._not_before = 0.0

    def __call__(self) -> None:
        """Run once, unless it pauses. Never raises."""
        if self._clock() < self._not_before:
            return
        try:
            self.job.run(utc_now())
        except Exception as error:  # whatever it is, the next round goes on
            self._failures += 1
            pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE_SECONDS)
            self._not_before = self._clock() + pause
            logger.error(
                "Job %s failed (%s); it goes on in %.0f s.", self.job.name, _where(error), pause
            )
        else:
            if self._failures:
                logger.info("Job %s goes on after %s failures.", self.job.name, self._failures)
            self._failures = 0


def _where(error: Exception) -> str:
    """Kind and place of an error. Its words stay out: they could be a patient's."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/bot/" in f.filename] or [last]
    return f"{type(error).__name__} in {ours[-1].name}, line {ours[-1].lineno}"


def run_jobs(jobs: list[Job], right: OnlyOne, told_to_stop: Callable[[float], bool]) -> None:
    """Run the jobs until told to stop; then wait for those that are under way.

    Args:
        told_to_stop: waits for so many seconds at most; True: stop.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a long run is no news
    scheduler = BackgroundScheduler(
        timezone=timezone.utc,
        executors={"default": ThreadPoolExecutor(len(jobs))},  # no job waits for another
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        scheduler.add_job(
            Round(job),
            "interval",
            seconds=job.seconds,
            next_run_time=datetime.now(timezone.utc),
            name=job.name,
        )
    scheduler.start(paused=True)
    acting: bool | None = None
    try:
        while acting is None or not told_to_stop(ASK_SECONDS):
            may_act = right.is_ours()
            if may_act != acting:
                acting = may_act
                logger.info("The worker acts." if acting else "The worker waits: another acts.")
                (scheduler.resume if acting else scheduler.pause)()
    finally:
        scheduler.shutdown(wait=True)
        right.give_up()
