"""From the record to what is said: builds the rules' facts and asks `bot.pathway.answers`.

Called by `actions.referral`; each answer from the record is audited.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.pathway import answers
from bot.pathway.directions import directions_answer
from bot.pathway.facts import AppointmentFacts, ChaseIntervals, Contact, ReferralFacts, WaitFigures
from bot.pathway.limits import Holder
from bot.pathway.lines import Line, phone_of
from bot.pathway.next_step import NextStep, next_step
from bot.pathway.requests import request_lines
from bot.pathway.states import State
from bot.pathway.telling import Level, told_facts, told_lines
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Organisation, OrganisationContact, Patient, Referral
from bot.records.queries import Viewer
from bot.services.identity import audit_of
from bot.services.requests.reading import open_requests
from bot.services.telling_level import level_of
from bot.settings import get_settings

Explain = Callable[[ReferralFacts, datetime, ChaseIntervals], list[Line]]

DIRECTIONS = "directions"
"""How to get there and what to bring, asked by a quick reply."""
WITH_REQUESTS = ("ask_appointment", "ask_referral_status")
"""Questions whose answers also say what the patient has asked and nobody has settled."""

ANSWERS: dict[str, Explain] = {
    "ask_referral_status": answers.status_answer,
    "report_no_contact": answers.status_answer,
    "ask_next_steps": answers.next_steps_answer,
    "ask_appointment": answers.appointment_answer,
    DIRECTIONS: directions_answer,
    "ask_who_to_contact": answers.contact_answer,
    "ask_test_results": answers.results_answer,
    "ask_choose_hospital": answers.choice_answer,
}
"""The questions answered from one referral, but for waiting time, which needs figures too."""

APPOINTMENT_STATES = {
    "offered": State.APPOINTMENT_OFFERED,
    "booked": State.BOOKED,
    "change_pending": State.CHANGE_PENDING,
    "cancelled_by_patient": State.CANCELLED_BY_PATIENT,
    "cancelled_by_hospital": State.CANCELLED_BY_HOSPITAL,
    "missed": State.MISSED,
}
"""Where a referral that we don't know must stand when this is its appointment's status."""

CURRENT = ("booked", "change_pending", "offered", "proposed")


def site_intervals() -> ChaseIntervals:
    """The site's chase intervals, and its feed's age limit."""
    settings = get_settings()
    return ChaseIntervals(
        **{"feed_age_limit_hours": settings.feed_age_hours, **settings.chase_intervals}
    )


def explain_referral(
    session: Session, identity: IdentitySession, referral: Referral, question: str, now: datetime
) -> tuple[list[Line], NextStep]:
    """What is said about one referral of the verified patient.

    Args:
        question: an intent of ANSWERS, or "ask_waiting_time".
        now: aware.

    Returns:
        the lines of one answer, as much as its channel may tell, and the judgement behind them.
    """
    facts = facts_of(session, identity, referral, now)
    figures = _figures(session, referral) if question == "ask_waiting_time" else None
    audit_of(session, identity, "referral_read", "referral", referral.id, question=question)
    level = level_of(session, identity.conversation_id)
    lines, step = _explain(facts, question, now, figures, level)
    row = appointment_shown(session, identity, referral, now)
    return _with_requests(session, identity, row, lines, question, now), step


def explain_lone_appointment(
    session: Session, identity: IdentitySession, question: str, now: datetime
) -> tuple[list[Line], NextStep] | None:
    """The same for a patient of whom only appointments are known; None: not even these."""
    row = lone_appointment_of(session, identity, now)
    if row is None:
        return None
    audit_of(session, identity, "appointment_read", "appointment", row.id, question=question)
    level = level_of(session, identity.conversation_id)
    lines, step = _explain(lone_facts_of(session, identity, row), question, now, None, level)
    return _with_requests(session, identity, row, lines, question, now), step


def appointment_shown(
    session: Session, identity: IdentitySession, referral: Referral | None, now: datetime
) -> Appointment | None:
    """The appointment that an answer is about; `referral`: None: the lone one."""
    if referral is None:
        return lone_appointment_of(session, identity, now)
    return appointment_that_matters(queries.appointments_of(session, identity, referral), now)


def hospital_phone(session: Session, identity: IdentitySession, row: Appointment) -> str:
    """The number of an appointment's hospital, as much as the channel may tell."""
    referral = row.referral
    facts = lone_facts_of(session, identity, row)
    if referral is not None:
        facts = facts_of(session, identity, referral, row.checked_at)
    level = level_of(session, identity.conversation_id)
    return phone_of(told_facts(facts, level), Holder.HOSPITAL)


def lone_appointment_of(session: Session, identity: Viewer, now: datetime) -> Appointment | None:
    """The appointment that matters of those that name no referral."""
    return appointment_that_matters(queries.lone_appointments_of(session, identity), now)


def lone_facts_of(session: Session, identity: Viewer, row: Appointment) -> ReferralFacts:
    """The rules' facts of an appointment without a known referral."""
    patient = queries.patient_of(session, identity)
    return ReferralFacts(
        state=APPOINTMENT_STATES.get(row.status, State.CANNOT_SEE),
        checked_at=row.checked_at,
        provider=row.provider.name if row.provider else None,
        gp_contact=_contact(session, patient.gp_practice, None),
        hospital_contact=_contact(session, row.provider, None),
        appointment=appointment_facts(row),
    )


def _with_requests(
    session: Session,
    identity: IdentitySession,
    row: Appointment | None,
    lines: list[Line],
    question: str,
    now: datetime,
) -> list[Line]:
    """The answer with what is open about its coming appointment, before the calling line."""
    if row is None or row.status not in CURRENT or question not in WITH_REQUESTS:
        return lines
    if row.starts_at and row.starts_at < now:
        return lines
    found = open_requests(session, identity)
    return [*lines[:-2], *request_lines(found, row.id), *lines[-2:]]


def _explain(
    facts: ReferralFacts,
    question: str,
    now: datetime,
    figures: WaitFigures | None,
    level: Level,
) -> tuple[list[Line], NextStep]:
    here = now.astimezone(ZoneInfo(get_settings().time_zone))
    intervals = site_intervals()
    told = told_facts(facts, level)
    if question == "ask_waiting_time":
        lines = answers.waiting_answer(told, figures, here, intervals)
    else:
        lines = ANSWERS[question](told, here, intervals)
    return told_lines(lines, level), next_step(facts, here, intervals)


def facts_of(
    session: Session, identity: Viewer, referral: Referral, now: datetime
) -> ReferralFacts:
    """The rules' facts of one referral."""
    appointments = queries.appointments_of(session, identity, referral)
    return facts_from(session, referral, queries.patient_of(session, identity), appointments, now)


def facts_from(
    session: Session,
    referral: Referral,
    patient: Patient,
    appointments: list[Appointment],
    now: datetime,
) -> ReferralFacts:
    """The same of rows that were read before, by date, within their reader's scope."""
    practice = referral.referrer or patient.gp_practice
    appointment = appointment_that_matters(appointments, now)
    return ReferralFacts(
        state=State(referral.state),
        checked_at=referral.checked_at,
        since=referral.state_since,
        referred_on=referral.referred_on,
        clock_start=referral.clock_start,
        priority=referral.priority,
        reason=referral.state_reason,
        review_due=referral.review_due,
        specialty_code=referral.specialty_code,
        specialty=referral.specialty,
        provider=referral.provider.name if referral.provider else None,
        referrer=practice.name if practice else None,
        gp_contact=_contact(session, practice, None),
        hospital_contact=_contact(session, referral.provider, referral.specialty_code),
        appointment=appointment_facts(appointment) if appointment else None,
        planned_wait_weeks=referral.planned_wait_weeks,
        p80_wait_weeks=referral.p80_wait_weeks,
    )


def appointment_that_matters(found: list[Appointment], now: datetime) -> Appointment | None:
    """The next one that stands; else the last one of all."""
    coming = [a for a in found if a.status in CURRENT and a.starts_at and a.starts_at >= now]
    dated = [a for a in found if a.starts_at]
    return coming[0] if coming else dated[-1] if dated else next(iter(found), None)


def appointment_facts(row: Appointment) -> AppointmentFacts:
    """The rules' facts of one appointment."""
    return AppointmentFacts(
        starts_at=row.starts_at,
        medium=row.medium,
        clinic=row.clinic,
        address=row.address,
        status=row.status,
        instructions=row.instructions,
        admission=row.admission,
    )


def _contact(
    session: Session, organisation: Organisation | None, specialty_code: str | None
) -> Contact | None:
    row: OrganisationContact | None = queries.contact_of(session, organisation, specialty_code)
    if row is None:
        return Contact(organisation.name) if organisation else None
    return Contact(row.name, row.phone, row.email, row.hours)


def _figures(session: Session, referral: Referral) -> WaitFigures | None:
    row = queries.waiting_time_of(session, referral)
    if row is None:
        return None
    return WaitFigures(
        provider=row.provider_name,
        treatment_function=row.treatment_function,
        median_weeks=row.median_weeks,
        p92_weeks=row.p92_weeks,
        pct_within_18_weeks=row.pct_within_18_weeks,
        total=row.total,
        period=row.period,
    )
