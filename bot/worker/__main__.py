"""`python -m bot.worker`: the worker's process, started by `waymark run`."""

from __future__ import annotations

import logging
import signal
import sys

from bot.errors import WaymarkError
from bot.language.translate import get_translator
from bot.records.session import get_engine
from bot.services.office import site_office_hours
from bot.worker.jobs import site_jobs
from bot.worker.only_one import OnlyOne
from bot.worker.rounds import run_jobs

STOPS = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Work until SIGTERM or Ctrl-C; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Blocked here and waited for below: no handler breaks into a transaction or a lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        engine = get_engine()
        get_translator()  # a wrong setting is said now, not at the first message
        site_office_hours()
    except WaymarkError as error:
        logging.error("%s", error)
        return 2
    run_jobs(site_jobs(engine), OnlyOne(engine), _told_to_stop)
    return 0


def _told_to_stop(seconds: float) -> bool:
    return signal.sigtimedwait(STOPS, seconds) is not None


if __name__ == "__main__":
    sys.exit(main())
