"""What a patient asks of an appointment: the kinds, the wishes that go with them, and what is said
about a request that is open.

Pure. Called by `bot.services.requests`, which keeps them, and by the actions, which ask for the
wishes one by one. A wish is a key that a quick reply carries; words are kept as they were typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.pathway.lines import Line, Value

CHANGES = ("cannot_come", "another_day")
ABOUT_ONE = ("confirm", *CHANGES)
"""Kinds about one appointment. A newer one about the same appointment takes an older one back."""
REASONS = {
    **dict.fromkeys(ABOUT_ONE, "appointment_change"),
    "interpreter": "interpreter",
    "access": "access_support",
}
"""The reason of the task that each kind opens."""
CONFIRM_PRIORITY = 4
"""Good news can wait; a change keeps its reason's own priority."""
VERY_SOON = timedelta(hours=48)
"""Then a note to staff may be read too late, and the patient calls as well [D]."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_WISHES = {**{day: (day,) for day in WEEKDAYS[:5]}, "weekend": ("sat", "sun")}
DAYS_DONE = "days_done"
ANSWERS: dict[str, tuple[str, Any]] = {
    "mornings": ("part_of_day", "morning"),
    "afternoons": ("part_of_day", "afternoon"),
    "any_time": ("part_of_day", "any"),
    "any_day": ("weekdays", "any"),
    DAYS_DONE: ("weekdays", "any"),
    "soon": ("earliest", "soon"),
    "2_weeks": ("earliest", "2_weeks"),
    "4_weeks": ("earliest", "4_weeks"),
    "any_start": ("earliest", None),
    "short_notice": ("short_notice", True),
    "no_short_notice": ("short_notice", False),
    "short_notice_open": ("short_notice", None),
}
"""Wish → field and value; None: no preference."""
OWN_WORDS = "words"
"""The value of a field that was answered in the patient's own words: they stand under "words"."""
QUESTIONS = ("part_of_day", "weekdays", "earliest", "short_notice")
"""The fields in the order in which they are asked."""
SUPPORT = ("wheelchair", "transport", "hearing", "sight", "companion")
SIGN_LANGUAGE = "bfi"
"""British Sign Language (ISO 639-3)."""

Wishes = Mapping[str, Any]


def with_wish(wishes: Wishes, wish: str) -> dict[str, Any]:
    """The wishes for another day with one more; an unknown one changes nothing.

    >>> with_wish({"weekdays": ["mon"]}, "tue")
    {'weekdays': ['mon', 'tue']}
    """
    kept = dict(wishes)
    if wish in DAY_WISHES:
        before = kept.get("weekdays")
        chosen = {*(before if isinstance(before, list) else ()), *DAY_WISHES[wish]}
        kept["weekdays"] = [day for day in WEEKDAYS if day in chosen]
    elif wish == DAYS_DONE and isinstance(kept.get("weekdays"), list):
        return kept
    elif wish in ANSWERS:
        field, value = ANSWERS[wish]
        kept[field] = value
    return kept


def with_words(wishes: Wishes, words: str, question: str | None = None) -> dict[str, Any]:
    """The same with the patient's own words, once.

    Args:
        question: the field that they answer; it isn't asked again.
    """
    kept = dict(wishes)
    said = list(kept.get("words", ()))
    if words and words not in said:
        kept["words"] = [*said, words]
    if question in QUESTIONS:
        kept.setdefault(question, OWN_WORDS)
    return kept


def with_choice(wishes: Wishes, field: str, choice: str) -> dict[str, Any]:
    """The same with one more language or kind of support: choices add up.

    >>> with_choice({"support": ["hearing"]}, "support", "transport")
    {'support': ['hearing', 'transport']}
    """
    chosen = list(wishes.get(field, ()))
    return {**wishes, field: chosen if choice in chosen else [*chosen, choice]}


def together(wishes: Wishes, more: Wishes) -> dict[str, Any]:
    """Two requests' wishes as one: nothing of either is lost; where they differ `more` counts."""
    merged = {**wishes, **{name: value for name, value in more.items() if value is not None}}
    for name in ("words", "support", "languages"):
        both = dict.fromkeys([*wishes.get(name, ()), *more.get(name, ())])
        if both:
            merged[name] = list(both)
    return merged


def next_question(wishes: Wishes) -> str | None:
    """The field to ask for next; None: all are answered or left open."""
    return next((field for field in QUESTIONS if field not in wishes), None)


def snapshot(status: str, starts_at: datetime | None) -> dict[str, str | None]:
    """The appointment as it stands in the record, to be kept with the request."""
    return {"status": status, "starts_at": starts_at.isoformat() if starts_at else None}


def has_changed(asked_of: Mapping[str, Any], status: str, starts_at: datetime | None) -> bool:
    """Whether the record shows another status or time than when it was asked.

    Args:
        asked_of: what `snapshot` gave; without a status nothing can be said.
    """
    if "status" not in asked_of:
        return False
    before = asked_of.get("starts_at")
    moved = (datetime.fromisoformat(before) if before else None) != starts_at
    return moved or asked_of["status"] != status


def is_very_soon(starts_at: datetime | None, now: datetime) -> bool:
    """Whether the appointment is within 48 hours."""
    return starts_at is not None and now <= starts_at <= now + VERY_SOON


@dataclass(frozen=True)
class RequestFacts:
    """One open request. appointment_id: None: of all appointments."""

    kind: str
    asked_on: date
    appointment_id: str | None
    wishes: Wishes


def request_lines(found: Iterable[RequestFacts], appointment_id: str) -> list[Line]:
    """What is open about a coming appointment: asked, never called booked or changed."""
    lines = []
    for one in found:
        on = one.asked_on.isoformat()
        if one.kind in ABOUT_ONE and one.appointment_id == appointment_id:
            values: dict[str, Value] = {"asked_on": on, "appointment": appointment_id}
            lines.append(Line(STANDING_REQUESTS[one.kind], values))
        elif one.kind == "interpreter":
            lines.append(_interpreter_line(one, on))
        elif one.kind == "access":
            lines.append(_access_line(one, on))
    return lines


def _interpreter_line(one: RequestFacts, on: str) -> Line:
    languages = [spoken(code) for code in one.wishes.get("languages", ())]
    if not languages:
        return Line("utter_request_interpreter", {"interpreter_on": on})
    values: dict[str, Value] = {"interpreter_on": on, "interpreter": languages}
    return Line("utter_request_interpreter_named", values)


def _access_line(one: RequestFacts, on: str) -> Line:
    chosen = [f"@{SUPPORT_TERMS[kind]}" for kind in one.wishes.get("support", ())]
    if not chosen:
        return Line("utter_request_access", {"access_on": on})
    values: dict[str, Value] = {"access_on": on, "access": chosen}
    return Line("utter_request_access_named", values)


STANDING_REQUESTS = {
    "confirm": "utter_request_confirm",
    "cannot_come": "utter_request_cannot_come",
    "another_day": "utter_request_another_day",
}
SUPPORT_TERMS = {
    "wheelchair": "term_access_wheelchair",
    "transport": "term_access_transport",
    "hearing": "term_access_hearing",
    "sight": "term_access_sight",
    "companion": "term_access_companion",
}


def spoken(code: str) -> str:
    """A language as a value of a sentence: its code; sign language has a term of ours."""
    return "@button_interpreter_bsl" if code == SIGN_LANGUAGE else code
