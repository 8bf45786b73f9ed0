"""A patient's referrals as staff see them beside a chat: where each stands, judged now.

Called by `bot.console.context`. The judgement is the one that the patient is told
(`bot.pathway.next_step`), in the console's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.console import times
from bot.console.words import (
    HOLDERS,
    MEDIA,
    NO_HOSPITAL,
    REFERRAL_PRIORITIES,
    REFERRAL_STATES,
    STANDARDS,
)
from bot.pathway.facts import ReferralFacts
from bot.pathway.next_step import NextStep, next_step
from bot.pathway.states import State
from bot.records import queries
from bot.records.chat_models import Handoff
from bot.records.models import Referral, ReferralState
from bot.services.explain_referral import facts_of, site_intervals
from bot.services.known_patient import KnownPatient

Row = tuple[str, str]
"""A label and what stands beside it."""
NOT_RECORDED = "Not in the record"


@dataclass(frozen=True)
class ReferralContext:
    """One referral. about: the hand-off is about it. warnings: what needs somebody to act."""

    heading: str
    about: bool
    state: str
    warnings: tuple[str, ...]
    rows: tuple[Row, ...]
    history: tuple[Row, ...]


def referrals_of(
    session: Session, handoff: Handoff, known: KnownPatient, now: datetime
) -> tuple[ReferralContext, ...]:
    """The one the hand-off is about first, then the most urgent."""
    found = queries.referrals_of(session, known.identity)
    found.sort(key=lambda referral: referral.id != handoff.referral_id)
    contexts = []
    for referral in found:
        facts = facts_of(session, known.identity, referral, now)
        about = referral.id == handoff.referral_id
        contexts.append(referral_context(referral, facts, about, now))
    return tuple(contexts)


def referral_context(
    referral: Referral, facts: ReferralFacts, about: bool, now: datetime
) -> ReferralContext:
    """One referral, judged now. about: the hand-off is about it."""
    step = next_step(facts, times.here(now), site_intervals())
    rows = [
        ("Since", times.day(facts.since)),
        ("Referred", _referred(facts)),
        ("Priority", REFERRAL_PRIORITIES[referral.priority]),
        ("Who acts now", HOLDERS[step.holder]),
        ("Call", _call_by(step)),
        *_appointment(facts, now),
        ("UBRN", referral.ubrn or NOT_RECORDED),
        ("Record checked", times.exact(facts.checked_at, now)),
    ]
    place = ", ".join(part for part in (facts.provider, facts.specialty) if part)
    return ReferralContext(
        heading=place or NO_HOSPITAL,
        about=about,
        state=REFERRAL_STATES[facts.state],
        warnings=_warnings(step),
        rows=tuple(rows),
        history=tuple(_move(move) for move in reversed(referral.history)),
    )


def _referred(facts: ReferralFacts) -> str:
    by = f", by {facts.referrer}" if facts.referrer else ""
    return f"{times.day(facts.referred_on)}{by}"


def _call_by(step: NextStep) -> str:
    standard = STANDARDS.get(step.standard or "")
    rests_on = f" ({standard})" if standard else ""
    return f"{HOLDERS[step.chase_whom]}, by {times.day(step.chase_on)}{rests_on}"


def _warnings(step: NextStep) -> tuple[str, ...]:
    found = []
    if step.same_day_task:
        found.append("Urgent and late: somebody must look today")
    elif step.overdue:
        found.append("Overdue")
    if step.urgent:
        found.append("Urgent pathway: say “your GP asked for this to be urgent”, never its label")
    if step.past:
        found.append("The appointment's date has passed")
    if step.stale:
        found.append("The record is old and may have changed")
    return tuple(found)


def _appointment(facts: ReferralFacts, now: datetime) -> list[Row]:
    appointment = facts.appointment
    if appointment is None:
        return []
    when = times.exact(appointment.starts_at, now) if appointment.starts_at else NOT_RECORDED
    where = (appointment.clinic, appointment.address, MEDIA.get(appointment.medium or ""))
    words = (appointment.status or "").replace("_", " ")
    said = [when, *(part for part in where if part), words]
    return [("Appointment", ", ".join(part for part in said if part))]


def _move(move: ReferralState) -> Row:
    return times.day(move.since or move.recorded_at), REFERRAL_STATES[State(move.state)]
