"""Moments and spans as the console writes them: British English, the site's time zone.

Pages show both: how long ago, and exactly when. Forms of time and date: NHS digital service
manual, "Numbers, measurements, dates and time". `FILTERS` are for templates.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from markupsafe import Markup

from bot.settings import get_settings

LOCALE = "en_GB"
UNITS: dict[Literal["day", "hour", "minute"], timedelta] = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
}
ONLY_THIS_UNIT = 10**6
"""Babel's threshold for going over to a larger unit."""


def here(moment: datetime) -> datetime:
    """The moment in the site's time zone."""
    return moment.astimezone(ZoneInfo(get_settings().time_zone))


def clock(moment: datetime) -> str:
    """The time of day.

    >>> from datetime import timezone
    >>> clock(datetime(2026, 5, 4, 9, 32, tzinfo=timezone.utc))
    '10:32am'
    """
    local = here(moment)
    return f"{local.hour % 12 or 12}:{local.minute:02}{'am' if local.hour < 12 else 'pm'}"


def day(value: date | datetime | None) -> str:
    """A date in words; "not in the record" without one.

    >>> day(date(2026, 5, 3)), day(None)
    ('3 May 2026', 'not in the record')
    """
    if value is None:
        return "not in the record"
    local = here(value).date() if isinstance(value, datetime) else value
    return format_date(local, "d MMMM y", locale=LOCALE)


def moment(value: datetime) -> str:
    """Day and time: "3 May 2026, 10:32am"."""
    return f"{day(value)}, {clock(value)}"


def exact(value: datetime, now: datetime) -> str:
    """The time; with the day when it isn't today, with the year when it isn't this one.

    >>> from datetime import timezone
    >>> at = lambda *parts: datetime(*parts, tzinfo=timezone.utc)
    >>> exact(at(2026, 5, 4, 9, 32), at(2026, 5, 4, 12, 0))
    '10:32am'
    >>> exact(at(2026, 5, 3, 9, 32), at(2026, 5, 4, 12, 0))
    'Sunday 3 May, 10:32am'
    >>> exact(at(2025, 5, 3, 9, 32), at(2026, 5, 4, 12, 0))
    '3 May 2025, 10:32am'
    """
    local, today = here(value), here(now).date()
    if local.date() == today:
        return clock(value)
    if local.year != today.year:
        return moment(value)
    return f"{format_date(local.date(), 'EEEE d MMMM', locale=LOCALE)}, {clock(value)}"


def span(duration: timedelta) -> str:
    """A span in its largest unit; under a minute there is none to count.

    >>> span(timedelta(minutes=12, seconds=40)), span(timedelta(hours=50)), span(timedelta(0))
    ('12 minutes', '2 days', 'less than a minute')
    """
    for granularity, unit in UNITS.items():
        if duration >= unit:
            whole = unit * (duration // unit)
            return format_timedelta(
                whole, granularity=granularity, threshold=ONLY_THIS_UNIT, locale=LOCALE
            )
    return "less than a minute"


def ago(value: datetime, now: datetime) -> str:
    """How long ago: "3 hours"."""
    return span(now - value)


def time(value: date | datetime, shown: str) -> Markup:
    """A `<time>` element: `shown` for people, the exact value for machines."""
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), shown)


FILTERS: dict[str, Callable[..., str]] = {
    "ago": ago,
    "clock": clock,
    "day": day,
    "exact": exact,
    "moment": moment,
    "span": span,
    "time": time,
}
