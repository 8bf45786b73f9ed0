"""Days where the site is: which one a moment falls on, and when one begins.

Used by figures and exports, which count by day.
"""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.settings import get_settings


def local_day(moment: datetime) -> date:
    """The date of a moment in the site's time zone."""
    return moment.astimezone(_zone()).date()


def start_of(day: date) -> datetime:
    """Midnight in the site's time zone, also on the day on which the clock changes."""
    return datetime.combine(day, time(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(get_settings().time_zone)
