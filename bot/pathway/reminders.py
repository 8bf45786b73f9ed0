"""On which days before an appointment a patient is reminded. Pure; called by `services.updates`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

GRACE_DAYS = 1
"""A reminder that could not be made on its day (the worker was down) is made on the next one."""


def reminders_due(
    appointment: date, today: date, days: Iterable[int], since: date | None = None
) -> list[int]:
    """The reminders to make today, as days before the appointment, the earliest first.

    Args:
        since: the day on which the patient asked to be told; who asked after a reminder's day
            has just read the date, and isn't reminded of it at once.

    >>> reminders_due(date(2026, 5, 20), date(2026, 5, 13), [7, 1])
    [7]
    >>> reminders_due(date(2026, 5, 20), date(2026, 5, 14), [7, 1])
    [7]
    >>> reminders_due(date(2026, 5, 20), date(2026, 5, 14), [7, 1], since=date(2026, 5, 14))
    []
    """
    left = (appointment - today).days
    due = []
    for before in sorted(set(days), reverse=True):
        late = before - left
        asked_in_time = since is None or (appointment - since).days >= before
        if left >= 0 and 0 <= late <= GRACE_DAYS and asked_in_time:
            due.append(before)
    return due
