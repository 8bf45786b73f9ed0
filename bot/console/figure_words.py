"""What the figures page says: titles, what each figure means, its columns, its values in words.

docs/figures.md says the same at length, with the rows that each figure is counted from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from bot.console.times import LOCALE
from bot.console.words import REASONS
from bot.services.figures import Column, Value

NOTHING = "–"
NO_HOSPITAL = "No hospital in the record"
NO_LANGUAGE = "Not known yet"


@dataclass(frozen=True)
class Words:
    """One figure on the page.

    drawn: the columns that its chart shows. ranking: bars one below the other, the first rows.
    whole_site: it isn't narrowed to teams.
    """

    title: str
    meaning: str
    drawn: tuple[str, ...]
    ranking: bool = False
    whole_site: bool = False


FIGURE_WORDS = {
    "handoffs": Words(
        "Hand-offs a day",
        "Chats and tasks, by the day on which they were opened.",
        ("chats", "tasks"),
    ),
    "replies": Words(
        "First replies in time",
        "The share of hand-offs that staff replied to within the target. A reply is the first "
        "message to the patient; for a task it is the moment at which it was resolved. What "
        "nobody has replied to counts as late once its time is over. Minutes are those of office "
        "hours.",
        ("share_in_time",),
    ),
    "replies_by_team": Words(
        "First replies in time, by team",
        "The same by the team that has the hand-off now.",
        ("share_in_time",),
        ranking=True,
    ),
    "reasons": Words(
        "Reasons",
        "Why hand-offs were opened.",
        ("handoffs",),
        ranking=True,
    ),
    "languages": Words(
        "Languages",
        "The language of the conversations that were handed off.",
        ("handoffs",),
        ranking=True,
    ),
    "understanding": Words(
        "Not understood",
        "The share of typed messages that the assistant answered by saying that it did not "
        "understand or cannot help. Taps on a button and chats with a coordinator don't count.",
        ("share_not_understood",),
        whole_site=True,
    ),
    "understanding_by_language": Words(
        "Not understood, by language",
        "The same by the language of the conversation.",
        ("share_not_understood",),
        ranking=True,
        whole_site=True,
    ),
    "limbo": Words(
        "Referrals in limbo, by hospital",
        "Referrals for which something should have happened by now, as the record stands at this "
        "moment, whatever the period chosen. A record that was not checked lately is not judged.",
        ("in_limbo",),
        ranking=True,
    ),
}
COLUMN_WORDS = {
    "day": "Day",
    "from": "From",
    "chats": "Chats",
    "tasks": "Tasks",
    "team": "Team",
    "handoffs": "Hand-offs",
    "in_time": "Replied in time",
    "late": "Late",
    "open_in_time": "Not replied to, still in time",
    "share_in_time": "Share in time",
    "median_minutes": "Median minutes to the reply",
    "reason": "Reason",
    "language": "Language",
    "messages": "Messages",
    "not_understood": "Not understood",
    "share_not_understood": "Share not understood",
    "provider": "Hospital",
    "judged": "Referrals judged",
    "in_limbo": "In limbo",
    "share_in_limbo": "Share in limbo",
    "not_judged": "Not judged",
}


def shown(column: Column, value: Value) -> str:
    """A value as people read it.

    >>> shown(Column("day", "day"), "2026-05-04"), shown(Column("share_in_time", "share"), 4 / 7)
    ('4\\xa0May', '57%')
    >>> shown(Column("language", "language"), None), shown(Column("judged", "count"), 1200)
    ('Not known yet', '1,200')
    """
    if column.unit == "language":
        return english_name(value)
    if column.unit == "organisation":
        return str(value or NO_HOSPITAL)
    if value is None:
        return NOTHING
    if column.unit == "reason":
        return REASONS.get(str(value), str(value))
    if column.unit == "day":
        return format_date(date.fromisoformat(str(value)), "d\u00a0MMM", locale=LOCALE)
    if isinstance(value, str):
        return value
    return f"{value:.0%}" if column.unit == "share" else f"{value:,.0f}"


def exported(column: Column, value: Value) -> Value:
    """A value as a file holds it: numbers stay numbers, days are ISO dates, codes are words.

    >>> exported(Column("day", "day"), "2026-05-04"), exported(Column("x", "share"), 2 / 3)
    ('2026-05-04', 0.6667)
    """
    if isinstance(value, float):
        return round(value, 4)
    if column.unit in ("language", "organisation", "reason"):
        return shown(column, value)
    return value


def english_name(code: Value) -> str:
    """A language in English only: a chart has no room for more, nor fonts for every script.

    >>> english_name("pl"), english_name("??"), english_name(None)
    ('Polish', '??', 'Not known yet')
    """
    if not code:
        return NO_LANGUAGE
    try:
        return Locale.parse(str(code)).get_display_name("en") or str(code)
    except (UnknownLocaleError, ValueError):
        return str(code)
