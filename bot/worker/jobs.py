"""What the worker does, and how often. Each job is one service, in a transaction of its own.

Services that talk to the outside (translations, mails, texts) open their transactions themselves,
so that none is open while a server is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.session import transaction
from bot.services import handoffs
from bot.services.carers.review import stop_lost_access
from bot.services.forgetting import forget_old
from bot.services.make_translations import SecondTries, translate_pending
from bot.services.send_mails import send_mails
from bot.services.send_texts import send_waiting_texts
from bot.services.updates.reminders import note_reminders
from bot.services.updates.telling import review_updates, tell_updates
from bot.services.watch import watch
from bot.settings import get_settings

Service = Callable[[Session, datetime], object]


@dataclass(frozen=True)
class Job:
    """Something to do again and again.

    run: takes the moment. seconds: from one start to the next; a run that takes longer delays
        only itself.
    """

    name: str
    seconds: float
    run: Callable[[datetime], object]


def site_jobs(engine: Engine) -> list[Job]:
    """All jobs of this site."""
    translate = partial(translate_pending, engine=engine, second_tries=SecondTries())
    jobs = [
        Job("translations", 0.25, translate),
        Job("mails", 2, partial(send_mails, engine=engine)),
        Job("waiting", 5, _alone(engine, handoffs.refresh_waiting)),
        Job("overdue", 30, _alone(engine, handoffs.escalate_overdue)),
        Job("updates", 2, partial(tell_updates, engine=engine)),
        Job("reminders", 60, _alone(engine, note_reminders)),
        Job("told updates", 60, _alone(engine, review_updates)),
        Job("silent", 30, _alone(engine, handoffs.return_silent)),
        Job("slots", 60, _alone(engine, handoffs.reconcile_slots)),
        Job("access", 30, _alone(engine, stop_lost_access)),
        Job("forgetting", 300, _alone(engine, forget_old)),
        Job("watch", 600, partial(watch, engine=engine)),
        Job("unmoved", 600, _alone(engine, handoffs.reopen_unmoved)),
    ]
    if get_settings().mode == "production":  # the demo shows codes on a page
        jobs.append(Job("texts", 2, partial(send_waiting_texts, engine=engine)))
    return jobs


def _alone(engine: Engine, service: Service) -> Callable[[datetime], object]:
    """A service in one transaction."""

    def run(now: datetime) -> object:
        with transaction(engine) as session:
            return service(session, now)

    return run
