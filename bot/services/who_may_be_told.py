"""Which record may be told at all. Asked by `bot.services.identity` and `bot.services.carers`."""

from __future__ import annotations

from datetime import date

from bot.pathway.carer_rules import ADULT_YEARS, age_on
from bot.records.models import Patient


def record_is_open(patient: Patient) -> bool:
    """False for a record that nobody is told of: restricted, deceased, flagged, superseded."""
    return not (
        patient.restricted
        or patient.deceased
        or patient.flagged_by_staff
        or patient.superseded_by is not None
    )


def may_be_told(patient: Patient | None, birth_date: date, today: date) -> bool:
    """Whether this patient's record may be shown to somebody who knows this date of birth."""
    if patient is None or patient.birth_date is None:
        return False
    return (
        patient.birth_date == birth_date
        and age_on(patient.birth_date, today) >= ADULT_YEARS
        and record_is_open(patient)
    )
