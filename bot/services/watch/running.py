"""One round of the watch: judge, plan, write. Called by the worker and by `waymark watch`.

It opens its transactions itself, short ones: on SQLite everybody else waits while one writes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.pathway.limbo import Limbo
from bot.records.models import Organisation
from bot.records.session import transaction
from bot.records.staff_models import Team
from bot.services.audit import audit
from bot.services.leases import give_up_lease, take_lease
from bot.services.watch.feeds import StaleFeed, alert_of_stale_feeds, stale_feeds
from bot.services.watch.judging import judge
from bot.services.watch.leaving import findings_left, leave
from bot.services.watch.opening import carry_out
from bot.services.watch.planning import Becomes, Planned, plan

LEASE = "watch"
LEASE_LENGTH = timedelta(minutes=5)
WRITTEN_AT_ONCE = 200
"""Findings written in one transaction."""


@dataclass(frozen=True)
class Listed:
    """A referral in limbo with the names of its hospital and team; no patient data.

    provider: None: the record names none.
    """

    referral_id: str
    provider: str | None
    team: str
    limbo: Limbo
    becomes: Becomes


@dataclass(frozen=True)
class WatchReport:
    """A round: what is in limbo, in order; how many tasks were withdrawn because the referral moved
    on; how many records were too old to judge, and of which feeds."""

    listed: tuple[Listed, ...]
    withdrawn: int
    too_old: int
    stale_feeds: tuple[StaleFeed, ...]


def watch(now: datetime, engine: Engine | None = None) -> WatchReport:
    """Do a round: open tasks for what is in limbo, withdraw what has moved on, and alert staff of
    a feed that stands still.

    Raises:
        WaymarkError: another round is under way.
    """
    holder = uuid.uuid4().hex
    with transaction(engine) as session:
        if not take_lease(session, LEASE, holder, now, LEASE_LENGTH):
            raise WaymarkError("The watch is at it already. Try again in five minutes.")
    try:
        return _round(now, engine)
    finally:
        with transaction(engine) as session:
            give_up_lease(session, LEASE, holder)


def _round(now: datetime, engine: Engine | None) -> WatchReport:
    judged = judge(engine, now)
    with transaction(engine) as session:
        in_limbo = {one.referral.id for one in judged.found}
        withdrawn = leave(session, findings_left(session, now, in_limbo), now)
        alert_of_stale_feeds(session, now)
    with transaction(engine) as session:
        planned = plan(session, judged.found, now)
        listed, stale = _listed(session, planned), stale_feeds(session, now)
    news = [one for one in planned if one.is_news]
    for start in range(0, len(news), WRITTEN_AT_ONCE):
        with transaction(engine) as session:
            carry_out(session, news[start : start + WRITTEN_AT_ONCE], now)
    opened = sum(one.becomes == "new" for one in planned)
    if opened or withdrawn:
        with transaction(engine) as session:
            audit(session, "watch", "round_done", "watch", opened=opened, withdrawn=withdrawn)
    return WatchReport(listed, withdrawn, judged.too_old, tuple(stale))


def preview(now: datetime, engine: Engine | None = None) -> WatchReport:
    """What a round would do now. Writes nothing."""
    judged = judge(engine, now)
    with transaction(engine) as session:
        left = findings_left(session, now, {one.referral.id for one in judged.found})
        waiting = [task.id for _, task in left if task is not None and task.state == "waiting"]
        planned = plan(session, judged.found, now, waiting)
        stale = tuple(stale_feeds(session, now))
        return WatchReport(_listed(session, planned), len(waiting), judged.too_old, stale)


def _listed(session: Session, planned: list[Planned]) -> tuple[Listed, ...]:
    providers = dict(session.execute(select(Organisation.id, Organisation.name)).all())
    teams = dict(session.execute(select(Team.id, Team.name)).all())
    return tuple(
        Listed(
            one.found.referral.id,
            providers.get(one.found.referral.provider_id),
            teams[one.found.referral.team_id],
            one.found.limbo,
            one.becomes,
        )
        for one in planned
    )
