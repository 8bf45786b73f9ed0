"""Referrals in limbo: something should have happened by now, and the record shows nothing.

Judged by the same rules as the watch's (`bot.pathway.limbo`), as things stand now. A record that
is older than the feed's age limit is not judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.limbo import limbo_of
from bot.pathway.next_step import is_stale
from bot.records.models import Organisation
from bot.services.explain_referral import site_intervals
from bot.services.figures.asked import Asked
from bot.services.figures.table import Column, Figure, Value
from bot.services.open_referrals import open_referrals
from bot.services.teams import team_finder
from bot.settings import get_settings


def limbo(session: Session, asked: Asked) -> Figure:
    """Referrals by hospital: judged, in limbo, and not judged; the most in limbo first.

    For teams only those whose next hand-off would come to them (`teams.team_for`).
    """
    counted: dict[str | None, Counter[str]] = defaultdict(Counter)
    for provider_id, judgement in _judged(session, asked):
        counted[provider_id][judgement] += 1
    organisations = session.execute(select(Organisation.id, Organisation.name)).all()
    names = dict(organisations)
    rows = [(names.get(provider_id), *_measure(found)) for provider_id, found in counted.items()]
    columns = (
        Column("provider", "organisation"),
        Column("judged", "count"),
        Column("in_limbo", "count"),
        Column("share_in_limbo", "share"),
        Column("not_judged", "count"),
    )
    rows.sort(key=lambda row: (-row[2], row[0] or ""))
    return Figure("limbo", columns, tuple(rows), True)


def _measure(found: Counter[str]) -> tuple[Any, ...]:
    judged = found["in_limbo"] + found["on_time"]
    share: Value = found["in_limbo"] / judged if judged else None
    return judged, found["in_limbo"], share, found["not_judged"]


def _judged(session: Session, asked: Asked) -> Iterator[tuple[str | None, str]]:
    """The hospital of each referral, with "in_limbo", "on_time" or "not_judged"."""
    now, intervals = asked.now.astimezone(ZoneInfo(get_settings().time_zone)), site_intervals()
    for referral in open_referrals(session, team_finder(session), now):
        if asked.team_ids is not None and referral.team_id not in asked.team_ids:
            continue
        if is_stale(referral.facts, now, intervals):
            yield referral.provider_id, "not_judged"
        else:
            found = limbo_of(referral.facts, now, intervals)
            yield referral.provider_id, "in_limbo" if found else "on_time"
