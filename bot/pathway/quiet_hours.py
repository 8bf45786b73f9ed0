"""When nobody is woken: the hours in which updates wait, and what may be said in them all the same.

Called by `services.updates`. Pure; moments are aware and in the site's time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
NOON = time(12)


@dataclass(frozen=True)
class QuietHours:
    """From a time of day to another, over midnight when `ends` is the earlier one."""

    begins: time
    ends: time

    def covers(self, here: datetime) -> bool:
        """Whether a moment lies in them; they end with their last minute."""
        now = here.time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def end_after(self, here: datetime) -> datetime:
        """When they end next, at or after a moment."""
        end = here.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)
        return end if end >= here else end + timedelta(days=1)


def parse_quiet_hours(text: str) -> QuietHours | None:
    """The hours of a setting; None when it isn't written like "21:00-08:00".

    >>> parse_quiet_hours("21:00-08:00").ends
    datetime.time(8, 0)
    >>> parse_quiet_hours("9pm to 8") is None
    True
    """
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return None
    first, last = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    return QuietHours(first, last) if first != last else None


def is_urgent(
    priority: str | None, appointments: Iterable[datetime | None], here: datetime, ends: datetime
) -> bool:
    """Whether an update is worth waking somebody for, where the site allows it [our choice].

    Args:
        priority: the referral's; None: there is no referral.
        appointments: when the appointment starts, and when it was to start before the change.
        here: now.
        ends: when the quiet hours end.

    It is for suspected cancer, and for an appointment before noon of the day on which the quiet
    hours end: told in the morning, it could be too late to go or not to go.
    """
    if priority == "two_week_wait":
        return True
    noon = datetime.combine(ends.date(), NOON, ends.tzinfo)
    return any(at is not None and here <= at < noon for at in appointments)
