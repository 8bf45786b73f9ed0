"""What the patient asks, in plain English, beside a hand-off: kind, appointment, wishes, words.

Called by `bot.console.context`. The wishes are what the patient tapped; the words stand as they
were typed, with the machine's English where there is one. A request of a patient who isn't this
hand-off's, as far as known, shows nothing from the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.console import times
from bot.console.message_sides import Piece, pieces
from bot.console.referral_context import NOT_RECORDED, Row
from bot.console.words import (
    APPOINTMENT_STATUSES,
    EARLIEST,
    PARTS_OF_DAY,
    REQUEST_KINDS,
    REQUEST_STATES,
    SUPPORT,
    WEEKDAY_NAMES,
    language_name,
)
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.pathway.requests import ABOUT_ONE, OWN_WORDS, has_changed
from bot.records.chat_models import Handoff
from bot.records.request_models import CareRequest
from bot.records.request_queries import requests_of, translated
from bot.services.known_patient import KnownPatient

NOT_SAID = "Not said"
NO_PREFERENCE = "No preference"
IN_WORDS = "In their own words, see below"


@dataclass(frozen=True)
class Words:
    """What the patient typed. english: the machine's; None: there is none, or it is English."""

    pieces: tuple[Piece, ...]
    english: tuple[Piece, ...] | None


@dataclass(frozen=True)
class RequestContext:
    """One request. warning: the record has changed since, or it was taken back."""

    heading: str
    open: bool
    warning: str | None
    rows: tuple[Row, ...]
    words: tuple[Words, ...]


def requests_beside(
    session: Session, handoff: Handoff, known: KnownPatient | None, now: datetime
) -> tuple[RequestContext, ...]:
    """The requests of a hand-off, and the support that its patient has asked for elsewhere."""
    patient_id = known.patient.id if known else None
    return tuple(
        _request(session, row, row.patient_id == patient_id and known is not None, now)
        for row in requests_of(session, handoff, patient_id)
    )


def _request(session: Session, row: CareRequest, told: bool, now: datetime) -> RequestContext:
    rows = [("Asked", times.exact(row.created_at, now))]
    if row.state != "asked":
        rows.append((REQUEST_STATES[row.state], times.exact(row.updated_at, now)))
    if row.kind in ABOUT_ONE:
        rows += _appointment(row, told, now)
    rows += _wishes(row)
    return RequestContext(
        heading=REQUEST_KINDS[row.kind],
        open=row.state == "asked",
        warning=_warning(row, told, now),
        rows=tuple(rows),
        words=_words(session, row),
    )


def _appointment(row: CareRequest, told: bool, now: datetime) -> list[Row]:
    if not told:
        return [("Appointment", "Not shown: it is not known who asks")]
    appointment = row.appointment
    if appointment is None:
        return [("Appointment", "Not known which one")]
    when = times.exact(appointment.starts_at, now) if appointment.starts_at else NOT_RECORDED
    hospital = appointment.provider.name if appointment.provider else None
    said = (when, appointment.clinic, hospital, APPOINTMENT_STATUSES[appointment.status].lower())
    return [("Appointment", ", ".join(part for part in said if part))]


def _warning(row: CareRequest, told: bool, now: datetime) -> str | None:
    if row.state == "withdrawn":
        return "The patient has taken this back."
    appointment = row.appointment
    if not told or appointment is None:
        return None
    if not has_changed(row.asked_of, appointment.status, appointment.starts_at):
        return None
    before = row.asked_of.get("starts_at")
    was = times.exact(datetime.fromisoformat(before), now) if before else "without a date"
    status = APPOINTMENT_STATUSES[row.asked_of["status"]].lower()
    return f"The record has changed since: when this was asked it was {was}, {status}."


def _wishes(row: CareRequest) -> list[Row]:
    wishes = row.wishes
    if row.kind == "interpreter":
        named = [language_name(code) for code in wishes.get("languages", ())]
        return [("Language", "; ".join(named) or NOT_SAID)]
    if row.kind == "access":
        return [
            ("Support", "; ".join(SUPPORT[one] for one in wishes.get("support", ())) or NOT_SAID)
        ]
    if row.kind != "another_day":
        return []
    days = wishes.get("weekdays")
    if isinstance(days, list):
        days = ", ".join(WEEKDAY_NAMES[day] for day in days)
    return [
        ("Part of day", _said(wishes, "part_of_day", PARTS_OF_DAY)),
        ("Days", _said(wishes | {"weekdays": days} if days else wishes, "weekdays", {})),
        ("From when", _said(wishes, "earliest", EARLIEST)),
        ("Short notice", _said(wishes, "short_notice", {True: "Can come", False: "Needs time"})),
    ]


def _said(wishes: dict, field: str, names: dict[Any, str]) -> str:
    """What was answered: a choice, no preference, or words of the patient's own, which must not
    look like no preference."""
    value = wishes.get(field)
    if field not in wishes:
        return NOT_SAID
    if value == OWN_WORDS:
        return IN_WORDS
    if value is None or value == "any":
        return NO_PREFERENCE
    return names.get(value, str(value))


def _words(session: Session, row: CareRequest) -> tuple[Words, ...]:
    said = list(row.wishes.get("words", ()))
    english = translated(session, row.conversation_id, said, SOURCE_LANGUAGE)
    return tuple(
        Words(pieces(text), pieces(english[text]) if text in english else None) for text in said
    )
