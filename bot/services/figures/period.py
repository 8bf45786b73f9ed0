"""The days that a figure is about, in the site's time zone, and the steps they are counted in."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.services.site_days import local_day, start_of

LENGTHS_DAYS = (7, 28, 90)
BY_DAY_UP_TO_DAYS = 7


@dataclass(frozen=True)
class Period:
    """Whole days, both included; the last one may still be running."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return start_of(self.last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        """Each day."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def steps(self) -> list[date]:
        """The days on which its steps begin: each day of a week; else the first day, and each
        Monday from there."""
        if len(self.days) <= BY_DAY_UP_TO_DAYS:
            return self.days
        return [day for day in self.days if day == self.first or day.weekday() == 0]

    def step_of(self, moment: datetime) -> date:
        """The first day of the step that a moment of this period falls into."""
        steps = self.steps
        return steps[bisect_right(steps, local_day(moment)) - 1]


def period_until(now: datetime, length_days: int) -> Period:
    """So many days, today the last of them."""
    today = local_day(now)
    return Period(today - timedelta(days=length_days - 1), today)
