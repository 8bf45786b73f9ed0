"""From rows to sentences: every state and question in every language, with nothing left open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.language.catalogues import get_catalogues
from bot.language.render import Renderer
from bot.pathway.lines import Line
from bot.pathway.states import State
from bot.records.chat_models import AuditEntry
from bot.records.models import Appointment, Referral, WaitingTime
from bot.records.session import transaction
from bot.services.explain_referral import ANSWERS, explain_referral, facts_of
from tests.records.making import NOW, a_hospital, a_patient, a_referral, an_identity
from tests.site.running import nhs_number

LANGUAGES = ("en", "es", "pl", "ar", "bn")
QUESTIONS = (*ANSWERS, "ask_waiting_time")
FULL: dict[str, Any] = {
    "specialty_code": "C_110",
    "specialty": "Orthopaedics",
    "state_since": date(2026, 4, 20),
    "clock_start": date(2026, 3, 2),
    "review_due": date(2026, 5, 20),
}
KINDS: dict[str, dict[str, Any]] = {
    "all that a record can hold": FULL,
    "urgent": {**FULL, "priority": "two_week_wait"},
    "nearly nothing": {"provider_id": None, "referred_on": None},
    "not checked for three days": {**FULL, "checked_at": NOW - timedelta(days=3)},
    "waiting for a year": {**FULL, "clock_start": date(2025, 4, 1)},
}


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(get_catalogues())


def rendered(renderer: Renderer, lines: list[Line], language: str) -> str:
    values: dict[str, Any] = {}
    for line in lines:
        values |= line.values
    return renderer.render([line.response for line in lines], values, language).text


def an_appointment(referral: Referral, name: str, starts_at: datetime | None) -> Appointment:
    return Appointment(
        patient_id=referral.patient_id,
        referral_id=referral.id,
        provider_id=referral.provider_id,
        source="tests",
        source_id=name,
        status="booked",
        medium="face_to_face",
        clinic=name,
        starts_at=starts_at,
        checked_at=NOW,
    )


def figures() -> WaitingTime:
    return WaitingTime(
        provider_code="RZ9",
        treatment_function_code="C_110",
        period="2026-03",
        provider_name="x",
        treatment_function="x",
        total=900,
        pct_within_18_weeks=0.62,
        median_weeks=12.5,
        p92_weeks=40.0,
        source="x",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_question_about_every_state_is_answered_in_every_language(
    session: Session, renderer: Renderer, kind: str
) -> None:
    hospital, patient = a_hospital(session), a_patient(session, nhs_number(560))
    identity = an_identity(session, patient)
    session.add(figures())
    for state in State:
        fields = {"provider_id": hospital.id, **KINDS[kind]}
        referral = a_referral(session, patient, state, **fields)
        if kind != "nearly nothing":
            session.add(an_appointment(referral, state.value, NOW + timedelta(days=9)))
            session.flush()
        for question in QUESTIONS:
            lines, step = explain_referral(session, identity, referral, question, NOW)
            assert step.chase_on >= NOW.date()
            for language in LANGUAGES:
                text = rendered(renderer, lines, language)
                told = (state.value, question, language)
                assert text.count("\n\n") == len(lines) - 1, told
                assert not {"{", "}", "@", "<"} & set(text), told
                assert "None" not in text, told


def test_two_lines_of_one_answer_never_want_one_value_with_two_meanings(
    session: Session,
) -> None:
    hospital, patient = a_hospital(session), a_patient(session, nhs_number(561))
    identity = an_identity(session, patient)
    for state in State:
        referral = a_referral(session, patient, state, provider_id=hospital.id, **FULL)
        for question in QUESTIONS:
            lines, _ = explain_referral(session, identity, referral, question, NOW)
            together: dict[str, Any] = {}
            for line in lines:
                assert together | line.values == line.values | together, (state, question)
                together |= line.values


def test_each_answer_from_the_record_is_audited_with_its_question(session: Session) -> None:
    patient = a_patient(session, nhs_number(562))
    referral, identity = a_referral(session, patient), an_identity(session, patient)
    explain_referral(session, identity, referral, "ask_next_steps", NOW)
    entry = session.execute(
        select(AuditEntry).where(AuditEntry.action == "referral_read")
    ).scalar_one()
    assert entry.actor == f"patient:{identity.conversation_id}"
    assert (entry.subject_id, entry.detail) == (referral.id, {"question": "ask_next_steps"})


@pytest.mark.parametrize(
    ("starts", "chosen"),
    [
        ({"past": -5, "next": 3, "after": 9}, "next"),
        ({"long ago": -50, "past": -5}, "past"),
        ({"undated": None, "past": -5}, "past"),
        ({"undated": None}, "undated"),
    ],
)
def test_the_appointment_that_is_told_is_the_next_one_or_else_the_last(
    session: Session, starts: dict[str, int | None], chosen: str
) -> None:
    patient = a_patient(session, nhs_number(563))
    referral, identity = a_referral(session, patient, State.BOOKED), an_identity(session, patient)
    for name, days in starts.items():
        at = None if days is None else NOW + timedelta(days=days)
        session.add(an_appointment(referral, name, at))
    session.flush()
    told = facts_of(session, identity, referral, NOW).appointment
    assert told is not None
    assert told.clinic == chosen
