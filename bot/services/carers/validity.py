"""Whether a carer's access holds now. Asked at every read, by `bot.services.identity`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.pathway.carer_rules import basis_holds
from bot.records.carer_models import CarerAccess
from bot.records.models import Patient
from bot.services.who_may_be_told import record_is_open


def access_is_valid(access: CarerAccess, patient: Patient, today: date) -> bool:
    """Not ended, its review date not passed, its basis good at the patient's age, and the record
    one that may be told.

    Args:
        today: where the site is.
    """
    return (
        access.ended_at is None
        and access.review_on >= today
        and basis_holds(access.basis, patient.birth_date, today)
        and record_is_open(patient)
    )


def valid_access_of(session: Session, carer_id: str, today: date) -> list[CarerAccess]:
    """All that a carer may ask for now, by the patients' given names."""
    rows = session.execute(
        select(CarerAccess)
        .where(CarerAccess.carer_id == carer_id)
        .options(joinedload(CarerAccess.patient))
    ).scalars()
    valid = [row for row in rows if access_is_valid(row, row.patient, today)]
    return sorted(valid, key=lambda row: (row.patient.given_name or "", row.id))
