"""Which record may be told, and to whom by their age. Pure but for the row it looks at."""

from __future__ import annotations

from datetime import date

from bot.records.models import Patient

ADULT_YEARS = 16


def may_be_told(patient: Patient | None, birth_date: date, today: date) -> bool:
    """Whether this patient's record may be shown to somebody who knows this date of birth."""
    if patient is None or patient.birth_date is None:
        return False
    born = patient.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return (
        born == birth_date
        and age >= ADULT_YEARS
        and not patient.restricted
        and not patient.deceased
        and not patient.flagged_by_staff
        and patient.superseded_by is None
    )
