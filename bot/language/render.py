"""Response name + typed values → the patient's language.

Called by `bot.answers` (Rasa's NLG) and by the channel for its own sentences. Placeholders carry
their type: `{since:date}`, `{starts_at:datetime}`, `{waited:weeks}`; the types go to Babel.

A sentence that names something of the page ("Leave this page") has another wording for a channel
that lacks it, in a response of its own: `utter_goodbye_on_telegram`. Its quick replies are those
of the sentence that it stands for.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from bot.language.catalogues import Catalogues, Response, direction
from bot.pathway.office_hours import OpenPart, parse_office_hours
from bot.pathway.requests import WEEKDAYS
from bot.settings import get_settings

Granularity = Literal["week", "day", "minute"]
SPANS: dict[str, tuple[timedelta, Granularity]] = {
    "weeks": (timedelta(weeks=1), "week"),
    "days": (timedelta(days=1), "day"),
    "minutes": (timedelta(minutes=1), "minute"),
}
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
IN_EVERY_LANGUAGE = ("utter_any_language_999",)
"""Responses for somebody whose language nobody here knows."""
TERM_PREFIX = "@"
"""A value that starts with this is the name of a response to be rendered in its place."""


@dataclass(frozen=True)
class RenderedButton:
    """A quick reply in the patient's language."""

    title: str
    payload: str


@dataclass(frozen=True)
class Rendered:
    """A finished answer: paragraphs parted by blank lines, and its quick replies."""

    text: str
    language: str
    buttons: tuple[RenderedButton, ...] = ()


class Renderer:
    """Renders responses from the catalogues."""

    def __init__(self, catalogues: Catalogues) -> None:
        self.catalogues = catalogues

    def render(
        self,
        names: str | list[str],
        values: Mapping[str, Any] | None,
        language: str,
        channel: str | None = None,
    ) -> Rendered:
        """One message of one or several responses, each a paragraph of its own.

        Args:
            names: response name(s), in order. Buttons of all are kept, repeats dropped.
            values: typed values: ISO dates, ISO moments, numbers, strings, "@term" names.
            language: an offered language; anything else is answered in English.
            channel: where it is read; None: where no channel has a wording of its own.

        Raises:
            KeyError: no such response, or a placeholder without a value.
        """
        language = language if language in self.catalogues.states else "en"
        paragraphs: list[str] = []
        buttons: dict[str, RenderedButton] = {}
        for name in [names] if isinstance(names, str) else names:
            response = self.catalogues.responses[name]
            wording = self._wording(name, channel)
            text = self.catalogues.translate(
                wording, self.catalogues.responses[wording].text, language
            )
            if name in IN_EVERY_LANGUAGE:
                paragraphs.append(self._in_every_language(response))
            else:
                paragraphs.append(self._fill(text, values or {}, language))
            for button in response.buttons:
                title = self.catalogues.translate("button", button.title, language)
                buttons.setdefault(
                    button.payload,
                    RenderedButton(
                        self._fill(title, values or {}, language),
                        _fill_payload(button.payload, values or {}),
                    ),
                )
        return Rendered("\n\n".join(paragraphs), language, tuple(buttons.values()))

    def _in_every_language(self, response: Response) -> str:
        """The sentence in each offered language, a line each."""
        lines = []
        for code in self.catalogues.offered():
            line = self.catalogues.translate(response.name, response.text, code)
            lines.append(f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}")
        return "\n".join(lines)

    def _wording(self, name: str, channel: str | None) -> str:
        """The response whose words a channel's patients read."""
        own = f"{name}_on_{channel}"
        return own if own in self.catalogues.responses else name

    def _fill(self, text: str, values: Mapping[str, Any], language: str) -> str:
        isolate = direction(language) == "rtl"
        pieces = []
        for literal, name, kind, _ in string.Formatter().parse(text):
            pieces.append(literal)
            if name is None:
                continue
            shown = self._show(values[name], kind or "", language)
            pieces.append(f"{FIRST_STRONG_ISOLATE}{shown}{POP_ISOLATE}" if isolate else shown)
        return "".join(pieces)

    def _show(self, value: Any, kind: str, language: str) -> str:
        if isinstance(value, str) and value.startswith(TERM_PREFIX):
            return self._term(value[len(TERM_PREFIX) :], language)
        if kind == "specialty":  # a treatment function's code, or "other"
            name = f"term_specialty_{value}"
            known = name in self.catalogues.responses
            return self._term(name if known else "term_specialty_other", language)
        if kind in ("list", "languages"):  # its items may be terms too
            each = "language" if kind == "languages" else ""
            shown = [self._show(item, each, language) for item in value]
            return format_value(shown, "list", language)
        return format_value(value, kind, language)

    def _term(self, name: str, language: str) -> str:
        return self.catalogues.translate(name, self.catalogues.responses[name].text, language)


def _fill_payload(payload: str, values: Mapping[str, Any]) -> str:
    """A payload is JSON after the intent, so its placeholders look like `<back>`."""
    return re.sub(r"<(\w+)>", lambda match: str(values[match[1]]), payload)


def format_value(value: Any, kind: str, language: str) -> str:
    """One typed value in words of `language`.

    Raises:
        ValueError: an unknown type, or a value that is not of that type.

    >>> format_value("2026-05-03", "date", "en")
    '3 May 2026'
    >>> format_value("2026-05-03T09:30:00+00:00", "datetime", "en")
    'Sunday, 3 May 2026, 10:30'
    >>> format_value(5, "weeks", "pl")
    '5 tygodni'
    >>> format_value("Mon-Fri 09:00-17:00", "hours", "es")
    'lunes – viernes, 09:00–17:00'
    >>> format_value(0.583, "percent", "en")
    '58%'
    >>> format_value("pl", "language", "es"), format_value("tue", "weekday", "pl")
    ('polaco', 'wtorek')
    """
    locale = _locale(language)
    if kind == "":
        return str(value)
    if kind == "date":
        moment = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        return format_date(moment, format="long", locale=locale)
    if kind == "month":
        moment = date.fromisoformat(str(value)[:10])
        return format_skeleton("yMMMM", moment, locale=locale)
    if kind == "datetime":
        moment = _local(value)
        day = format_date(moment, format="full", locale=locale)
        pattern = locale.datetime_formats["full"]
        return str(pattern).format(format_time(moment, "short", locale=locale), day)
    if kind == "time":
        return format_time(_local(value), "short", locale=locale)
    if kind == "hours":
        return _office_hours(str(value), locale)
    if kind in SPANS:  # as a span of time: Babel has no unit names for weeks in Bengali
        unit, granularity = SPANS[kind]
        return format_timedelta(
            unit * int(value), granularity=granularity, threshold=10**6, locale=locale
        )
    if kind == "percent":
        return format_percent(round(float(value), 2), format=None, locale=locale)
    if kind == "number":
        return format_decimal(value, locale=locale)
    if kind == "language":
        return locale.languages.get(str(value), str(value))
    if kind == "weekday":
        return str(locale.days["stand-alone"]["wide"][WEEKDAYS.index(str(value))])
    if kind == "list":
        return format_list([str(item) for item in value], locale=locale)
    raise ValueError(f"“{kind}” is not a type of placeholder; see bot/language/render.py.")


def _office_hours(value: str, locale: Locale) -> str:
    """The setting ("Mon-Fri 09:00-17:00") with the language's own days; else as it is."""
    parts = parse_office_hours(value)
    return "; ".join(_open_part(part, locale) for part in parts) if parts else value


def _open_part(part: OpenPart, locale: Locale) -> str:
    names = locale.days["stand-alone"]["wide"]
    days = " – ".join(names[day] for day in dict.fromkeys((part.first, part.last)))
    return f"{days}, {_clock(part.opens)}–{_clock(part.closes)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _locale(language: str) -> Locale:
    """English is British here: a day before its month."""
    return Locale.parse("en_GB" if language == "en" else language)


def _local(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(ZoneInfo(get_settings().time_zone))
