"""Dates and moments as feeds write them. Used by every module that reads a kind of resource."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from bot.fhir.tree import as_dict, code, text

LONDON = ZoneInfo("Europe/London")
"""All these feeds are English: a time without a zone is what a clock in England shows."""

FIRST_YEAR, LAST_YEAR = 1890, 2200
MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
WEEKS = {"d": 1 / 7, "day": 1 / 7, "wk": 1.0, "week": 1.0, "mo": 52 / 12, "month": 52 / 12}


def instant(value: Any) -> datetime | None:
    """An aware moment, or None: for anything unreadable, and for a year or month alone.

    A day without a time, and midnight of no or zero offset (how portals write "a day" [R3]),
    are midnight in England. An impossible offset is read as English time.
    """
    match = MOMENT.fullmatch(text(value) or "")
    if not match:
        return None
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 (zone below)
    except ValueError:
        return None
    zone = _offset(match[7])
    if zone is None or (zone == timezone.utc and (hour, minute, second) == (0, 0, 0)):
        return local.replace(tzinfo=LONDON)
    return local.replace(tzinfo=zone)


def _offset(written: str | None) -> timezone | None:
    """The zone of `Z` or `+01:00`; None without one, or when no place on earth has it."""
    if not written:
        return None
    if written in "Zz":
        return timezone.utc
    hours, minutes = int(written[1:3]), int(written[-2:])
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if written[0] == "-" else offset)


def day(value: Any) -> date | None:
    """The day, as the calendar in England has it; None for a year or a month alone."""
    moment = instant(value)
    return moment.astimezone(LONDON).date() if moment else None


def weeks(value: Any) -> int | None:
    """A Duration in whole weeks, rounded; None for another unit, or what can't be a wait.

    `value` may be a string, and the unit's words vary ("Days", "wk") [R3].
    """
    duration = as_dict(value)
    try:
        number = float(text(duration.get("value")) or _number(duration.get("value")))
    except ValueError:
        return None
    unit = (code(duration.get("code")) or text(duration.get("unit")) or "").casefold().rstrip("s")
    factor = WEEKS.get(unit)
    if factor is None or not 0 <= number <= 5000:
        return None
    return round(number * factor)


def _number(value: Any) -> float:
    """A float as it is; anything else raises ValueError."""
    if isinstance(value, float):
        return value
    raise ValueError("not a number")
