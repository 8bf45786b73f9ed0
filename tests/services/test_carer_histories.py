"""Whatever staff, carer, patient and calendar do, in any order: no read without valid access."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.pathway.carer_rules import age_on
from bot.records import queries
from bot.records.carer_models import CarerAccess
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.records.session import make_engine
from bot.records.staff_models import Staff
from bot.services.carers.choosing import (
    carer_session,
    choose_person,
    end_lost_session,
    leave_person,
    people_of,
)
from bot.services.carers.ending import withdraw_access
from bot.services.carers.recording import CarerDetails, Consent, record_access
from bot.services.carers.review import stop_lost_access
from bot.services.identity import current_identity, end_identity, start_carer_identity
from bot.services.site_days import local_day
from bot.services.transcript import Answer, store_answer
from bot.services.visible_messages import visible_messages
from tests.records.making import a_conversation, a_coordinator, a_patient, a_referral, a_team

START = datetime(2026, 5, 4, 9, 0, tzinfo=timezone.utc)
LAYLA = CarerDetails("Layla", "Carer", date(1999, 6, 12), "SE5 9AA", "07700 900120")
BIRTH_DATES = (date(1949, 12, 30), date(1985, 2, 21), date(2010, 5, 9))
"""The third turns 16 within some histories."""
WHO = st.integers(0, len(BIRTH_DATES) - 1)
FLAGS = ("restricted", "deceased", "flagged_by_staff")
STEPS = st.one_of(
    st.tuples(
        st.just("record"),
        WHO,
        st.sampled_from(["consent", "attorney", "parental_responsibility"]),
        st.integers(0, 9),
    ),
    st.tuples(st.just("withdraw"), WHO),
    st.tuples(st.just("verify")),
    st.tuples(st.just("choose"), WHO),
    st.tuples(st.just("leave person")),
    st.tuples(st.just("flag"), WHO, st.sampled_from(FLAGS), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([10, 29, 31, 60 * 14, 60 * 24 * 3])),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("stop")),
    st.tuples(st.just("end lost")),
)


@pytest.fixture(scope="module")
def one_engine(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("carers") / "records.db"
    shutil.copy(sqlite_template, path)
    made = make_engine(f"sqlite:///{path}")
    yield made
    made.dispose()


class History:
    """One carer, three patients, one conversation, and what the rules say of it."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, START
        self.staff: Staff = a_coordinator(session, "Amara", a_team(session))
        self.patients = [
            a_patient(session, f"99900000{i:02}", birth_date=born, given_name=f"P{i}")
            for i, born in enumerate(BIRTH_DATES)
        ]
        for patient in self.patients:
            a_referral(session, patient)
        self.talk = a_conversation(session).id

    def step(self, name: str, *given: object) -> None:
        """Do one step; what is refused changes nothing."""
        getattr(self, f"_{name.replace(' ', '_')}")(*given)
        self.session.flush()

    def _record(self, who: int, basis: str, days: int) -> None:
        until = local_day(self.now) + timedelta(days=days)
        consent = Consent(basis, "all", until, asked_alone=True, interpreter_used=True)
        try:
            record_access(self.session, self.staff, self.patients[who], LAYLA, consent, self.now)
        except WaymarkError:
            return

    def _running(self, who: int) -> CarerAccess | None:
        return self.session.execute(
            select(CarerAccess).where(
                CarerAccess.patient_id == self.patients[who].id, CarerAccess.ended_at.is_(None)
            )
        ).scalar_one_or_none()

    def _withdraw(self, who: int) -> None:
        access = self._running(who)
        if access is not None:
            patient = self.patients[who]
            withdraw_access(self.session, self.staff, patient, access.id, "patient", self.now)

    def _verify(self) -> None:
        carer_id = self.session.execute(select(CarerAccess.carer_id).limit(1)).scalar_one_or_none()
        if carer_id:
            start_carer_identity(self.session, self.talk, carer_id, self.now)

    def _choose(self, who: int) -> None:
        """Presses a button that may be old: any access that ever was."""
        row = carer_session(self.session, self.talk, self.now)
        old = self.session.execute(
            select(CarerAccess.id).where(CarerAccess.patient_id == self.patients[who].id).limit(1)
        ).scalar_one_or_none()
        if row is not None and old is not None:
            choose_person(self.session, row, old, self.now)

    def _leave_person(self) -> None:
        row = carer_session(self.session, self.talk, self.now)
        if row is not None:
            leave_person(self.session, row, self.now)

    def _flag(self, who: int, field: str, on: bool) -> None:
        setattr(self.patients[who], field, on)

    def _wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def _sweep(self) -> None:
        stop_lost_access(self.session, self.now)

    def _stop(self) -> None:
        end_identity(self.session, self.talk, self.now, "stopped")

    def _end_lost(self) -> None:
        end_lost_session(self.session, self.talk, self.now)

    def may_read(self, patient: Patient) -> bool:
        """The rules in their plainest words, from the rows."""
        if any(getattr(patient, field) for field in FLAGS) or patient.superseded_by:
            return False
        today = local_day(self.now)
        child = age_on(patient.birth_date, today) < 16
        rows = self.session.execute(
            select(CarerAccess).where(CarerAccess.patient_id == patient.id)
        ).scalars()
        return any(
            row.ended_at is None
            and row.review_on >= today
            and child == (row.basis == "parental_responsibility")
            for row in rows
        )

    def check(self) -> None:
        """Read as the carer would, and look what the page may show."""
        identity = current_identity(self.session, self.talk, self.now)
        if identity is not None:
            patient = queries.patient_of(self.session, identity)
            assert self.may_read(patient)
            assert {r.patient_id for r in queries.referrals_of(self.session, identity)} == {
                patient.id
            }
            said = Answer(f"about {patient.given_name}", "en", ("utter_x",), private=True)
            store_answer(self.session, self.talk, said, self.now)
        for row in visible_messages(self.session, self.talk, self.now):
            if row.identity_session_id is not None:
                told_in = self.session.get(IdentitySession, row.identity_session_id)
                owner = self.session.get(Patient, told_in.patient_id)
                assert self.may_read(owner)
        unchosen = carer_session(self.session, self.talk, self.now)
        if unchosen is not None:
            names = {one.name for one in people_of(self.session, unchosen, self.now)}
            assert names == {p.given_name for p in self.patients if self.may_read(p)}


@given(st.lists(STEPS, max_size=14))
@settings(max_examples=150)
def test_no_read_by_a_carer_without_valid_access(
    one_engine: Engine, steps: list[tuple[object, ...]]
) -> None:
    session = Session(one_engine, future=True)
    try:
        history = History(session)
        for name, *given_to_it in steps:
            history.step(str(name), *given_to_it)
            history.check()
    finally:
        session.rollback()
        session.close()
