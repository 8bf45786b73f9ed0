"""Whatever rows exist, an identity session reads its own patient's and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.pathway.states import State
from bot.records import queries
from bot.records.models import Appointment, OrganisationContact, Referral, WaitingTime
from bot.records.session import transaction
from tests.records.making import NOW, a_hospital, a_patient, a_referral, an_identity
from tests.site.running import nhs_number

A, B = nhs_number(510), nhs_number(511)
OWNERS = st.sampled_from(["a", "b"])
ROWS = st.lists(
    st.tuples(OWNERS, st.sampled_from(list(State)), st.integers(0, 2), st.booleans()), max_size=6
)


def an_appointment(session: Session, patient_id: str, **fields: object) -> Appointment:
    known = {"source": "tests", "status": "booked", "checked_at": NOW, **fields}
    row = Appointment(patient_id=patient_id, **known)
    session.add(row)
    session.flush()
    return row


@given(ROWS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_query_returns_a_row_of_another_patient(
    engine: Engine, rows: list[tuple[str, State, int, bool]]
) -> None:
    with transaction(engine) as session:
        hospital = a_hospital(session)
        patients = {"a": a_patient(session, A), "b": a_patient(session, B)}
        found: dict[str, list[Referral]] = {"a": [], "b": []}
        for number, (owner, state, meetings, tied) in enumerate(rows):
            fields = {"source_id": str(number), "provider_id": hospital.id}
            referral = a_referral(session, patients[owner], state, **fields)
            found[owner].append(referral)
            for meeting in range(meetings):
                an_appointment(
                    session,
                    patients[owner].id,
                    source_id=f"{number}.{meeting}",
                    referral_id=referral.id if tied else None,
                    provider_id=hospital.id,
                    starts_at=NOW + timedelta(meeting) if meeting else None,
                )
        for me, other in (("a", "b"), ("b", "a")):
            identity = an_identity(session, patients[me])
            assert queries.patient_of(session, identity).id == patients[me].id
            mine = queries.referrals_of(session, identity)
            assert {r.id for r in mine} == {r.id for r in found[me]}
            told = [a for r in mine for a in queries.appointments_of(session, identity, r)]
            told += queries.lone_appointments_of(session, identity)
            assert {a.patient_id for a in told} <= {patients[me].id}
            for referral in found[other]:
                theirs = queries.appointments_of(session, identity, referral)
                assert {a.patient_id for a in theirs} <= {patients[me].id}
                with pytest.raises(NotFound):
                    queries.referral_of(session, identity, referral.id)
        session.rollback()


def test_another_patients_referral_and_none_at_all_look_alike(session: Session) -> None:
    identity = an_identity(session, a_patient(session, A))
    foreign = a_referral(session, a_patient(session, B)).id
    said = []
    for wanted in (foreign, "0" * 32):
        with pytest.raises(NotFound) as caught:
            queries.referral_of(session, identity, wanted)
        said.append(str(caught.value).replace(wanted, "…"))
    assert said[0] == said[1]


def test_referrals_come_the_most_urgent_first_then_the_newest(session: Session) -> None:
    patient = a_patient(session, A)
    days = {"old": date(2026, 1, 1), "new": date(2026, 4, 1), "undated": None}
    for priority, day in product(("routine", "two_week_wait", "urgent"), days):
        fields = {"priority": priority, "referred_on": days[day]}
        a_referral(session, patient, source_id=f"{priority} {day}", **fields)
    names = [r.source_id for r in queries.referrals_of(session, an_identity(session, patient))]
    assert names == [
        f"{priority} {day}"
        for priority in ("two_week_wait", "urgent", "routine")
        for day in ("new", "old", "undated")
    ]


def test_two_appointments_without_a_date_are_listed_last(session: Session) -> None:
    patient = a_patient(session, A)
    referral = a_referral(session, patient)
    for number, start in enumerate((None, NOW + timedelta(2), None, NOW)):
        an_appointment(
            session, patient.id, source_id=str(number), referral_id=referral.id, starts_at=start
        )
    found = queries.appointments_of(session, an_identity(session, patient), referral)
    assert [a.starts_at for a in found] == [NOW, NOW + timedelta(2), None, None]


def test_a_clinics_own_contact_goes_before_the_hospitals(session: Session) -> None:
    hospital = a_hospital(session)
    clinic = OrganisationContact(
        organisation_id=hospital.id, specialty_code="C_110", name="Orthopaedics"
    )
    session.add(clinic)
    session.flush()
    names = [
        getattr(queries.contact_of(session, organisation, code), "name", None)
        for organisation, code in ((hospital, "C_110"), (hospital, "C_330"), (hospital, None))
    ]
    assert names == ["Orthopaedics", "Booking", "Booking"]
    assert queries.contact_of(session, None, "C_110") is None


@pytest.mark.parametrize(
    ("code", "specialty", "period"),
    [
        ("RZ9", "C_110", "2026-03"),
        ("RZ912", "C_110", "2026-03"),
        ("RZ9", "C_330", None),
        ("RX1", "C_110", None),
        ("RZ9", None, None),
    ],
)
def test_the_newest_figures_of_the_hospital_and_specialty_are_taken(
    session: Session, code: str, specialty: str | None, period: str | None
) -> None:
    for month in ("2026-02", "2026-03", "2025-12"):
        session.add(
            WaitingTime(
                provider_code="RZ9",
                treatment_function_code="C_110",
                period=month,
                provider_name="x",
                treatment_function="x",
                total=1,
                pct_within_18_weeks=0.5,
                median_weeks=1,
                p92_weeks=2,
                source="x",
            )
        )
    hospital = a_hospital(session, code)
    fields = {"provider_id": hospital.id, "specialty_code": specialty}
    referral = a_referral(session, a_patient(session, A), **fields)
    found = queries.waiting_time_of(session, referral)
    assert (found.period if found else None) == period
