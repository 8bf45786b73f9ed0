"""Finds the referrals in limbo, in short transactions, so that nobody waits for the watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine

from bot.pathway.limbo import Limbo, limbo_of
from bot.pathway.next_step import is_stale
from bot.records.session import transaction
from bot.services.explain_referral import site_intervals
from bot.services.open_referrals import OpenReferral, portion_after
from bot.services.teams import team_finder
from bot.settings import get_settings


@dataclass(frozen=True)
class Found:
    """A referral in limbo, and why."""

    referral: OpenReferral
    limbo: Limbo

    @property
    def order(self) -> tuple[bool, bool, object, str]:
        """The most urgent first, then the longest late."""
        limbo = self.limbo
        return not limbo.same_day, not limbo.urgent, limbo.late_since, self.referral.id


class Judged(NamedTuple):
    """found: in the order in which they should become tasks. too_old: how many records are older
    than the feed's age limit, so that nothing was said of them."""

    found: list[Found]
    too_old: int


def judge(engine: Engine | None, now: datetime) -> Judged:
    """All referrals that can be late, judged as things stand now."""
    here, intervals = now.astimezone(ZoneInfo(get_settings().time_zone)), site_intervals()
    found, too_old, last_id = [], 0, ""
    with transaction(engine) as session:
        team_of = team_finder(session)
    while True:
        with transaction(engine) as session:
            portion = portion_after(session, last_id, team_of, here)
        if not portion:
            break
        last_id = portion[-1].id
        for referral in portion:
            too_old += is_stale(referral.facts, here, intervals)
            limbo = limbo_of(referral.facts, here, intervals)
            if limbo is not None:
                found.append(Found(referral, limbo))
    return Judged(sorted(found, key=lambda one: one.order), too_old)
