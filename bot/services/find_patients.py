"""Finds a patient for a supervisor, from what they typed; each search is audited.

Called by the console. The rule who may find whom is `staff_queries.patients_of`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.language.identifiers import find
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.records.staff_queries import patients_of
from bot.services.audit import audit


def find_patients(session: Session, staff: Staff, text: str, now: datetime) -> list[Patient]:
    """Patients by NHS number, or by family name and date of birth, typed in any order.

    Raises:
        NotFound: a coordinator asks.
    """
    typed = {item.kind: item.value for item in find(text, now.date(), "date_of_birth")}
    born = typed.get("date-of-birth") or typed.get("unclear-date")
    found = patients_of(
        session,
        staff,
        nhs_number=typed.get("nhs-number"),
        born=date.fromisoformat(born) if born else None,
        family_names=tuple(word.casefold() for word in text.split() if word.isalpha()),
    )
    ids = [patient.id for patient in found]
    audit(session, f"staff:{staff.id}", "patients_searched", "patient", None, found=ids)
    return found
