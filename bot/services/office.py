"""The site's office hours and bank holidays, from the settings.

Hand-offs ask it when a reply is due and what to promise; the rules are in
`bot.pathway.office_hours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from bot.pathway.handoff_rules import WATCH_TARGET_MINUTES, reply_target
from bot.pathway.office_hours import DEFAULT_PARTS, OfficeHours, parse_office_hours
from bot.records.chat_models import Handoff
from bot.settings import get_settings


@dataclass(frozen=True)
class BankHolidays:
    """The bank holidays of a country or a part of one, as a container of days.

    country: ISO 3166 code, "GB". part: "ENG"; None: the whole country's.
    """

    country: str
    part: str | None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _of_year(self.country, self.part, day.year)


@lru_cache(maxsize=64)
def _of_year(country: str, part: str | None, year: int) -> frozenset[date]:
    return frozenset(country_holidays(country, subdiv=part, years=year))


@lru_cache(maxsize=1)
def site_office_hours() -> OfficeHours:
    """The office hours of this site. Hours that can't be read are Monday to Friday, 9 to 5; in
    production the settings refuse them."""
    settings = get_settings()
    parts = parse_office_hours(settings.office_hours) or DEFAULT_PARTS
    zone = ZoneInfo(settings.time_zone)
    if not settings.holidays:
        return OfficeHours(parts, zone)
    country, _, part = settings.holidays.partition("-")
    return OfficeHours(parts, zone, BankHolidays(country, part or None))


def target_minutes(handoff: Handoff) -> int:
    """Office minutes within which somebody should answer, or look at a task of the watch."""
    if handoff.conversation_id is None:
        return WATCH_TARGET_MINUTES[handoff.priority]
    return reply_target(handoff.priority, get_settings().reply_target_minutes)
