"""A feed that stands still: nothing of it can be judged, and staff must know that.

Asked by the watch, which mails the default team once a day, and by the console's banner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.pathway.next_step import NEVER_OVERDUE
from bot.records.models import Referral
from bot.records.staff_models import OutboxItem
from bot.services import outbox
from bot.services.audit import audit
from bot.services.site_days import local_day, start_of
from bot.services.teams import default_team
from bot.settings import get_settings

MAIL = "stale_feed"


@dataclass(frozen=True)
class StaleFeed:
    """A source of records, and when it last told of any referral that is still open."""

    source: str
    last_at: datetime


def stale_feeds(session: Session, now: datetime) -> list[StaleFeed]:
    """The feeds of which every open referral is older than the age limit, by name. A single old
    record in a fresh feed is no alarm: it isn't judged, and the dry run counts it."""
    newest = func.max(Referral.checked_at)
    rows = session.execute(
        select(Referral.source, newest)
        .where(Referral.state.not_in([state.value for state in NEVER_OVERDUE]))
        .group_by(Referral.source)
        .having(newest < now - timedelta(hours=get_settings().feed_age_hours))
        .order_by(Referral.source)
    ).all()
    return [StaleFeed(source, last_at) for source, last_at in rows]


def alert_of_stale_feeds(session: Session, now: datetime) -> bool:
    """Mail the default team, once a local day, that a feed stands still; True: a mail is put.
    Without an address it can't be sent, which the worker's log then says."""
    found = stale_feeds(session, now)
    if not found or _mailed_today(session, now):
        return False
    oldest = min(feed.last_at for feed in found)
    audit(session, "watch", "feed_stale", "import", feeds=len(found))
    to = default_team(session).email
    values = {"since": oldest.isoformat()}
    outbox.put(session, "mail", {"to": [to] if to else [], "name": MAIL, "values": values}, now)
    return True


def _mailed_today(session: Session, now: datetime) -> bool:
    """Sent mails are kept for a day, so today's are all there."""
    payloads = session.execute(
        select(OutboxItem.payload).where(
            OutboxItem.kind == "mail", OutboxItem.created_at >= start_of(local_day(now))
        )
    ).scalars()
    return any(payload.get("name") == MAIL for payload in payloads)
