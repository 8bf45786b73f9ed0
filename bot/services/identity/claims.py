"""Who somebody says they are, and the one record that fits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.pathway.folding import fold
from bot.records.carer_models import Carer
from bot.records.models import Patient


@dataclass(frozen=True)
class Claim:
    """Who somebody says they are: NHS number, or family name and postcode; and date of birth."""

    birth_date: date
    nhs_number: str | None = None
    family_name: str | None = None
    postcode: str | None = None

    @property
    def subject(self) -> str:
        """What tries are counted against."""
        return self.nhs_number or f"{fold(self.family_name or '')} {self.postcode}"


def find_patient(session: Session, claim: Claim) -> Patient | None:
    """The one patient a claim names; a name with several patients finds none."""
    by_name = Patient.birth_date == claim.birth_date
    found = session.execute(
        select(Patient).where(
            or_(Patient.nhs_number == claim.nhs_number)
            if claim.nhs_number
            else by_name & (func.replace(Patient.postcode, " ", "") == _compact(claim.postcode))
        )
    ).scalars()
    patients = [
        patient
        for patient in found
        if claim.nhs_number or _same_name(patient.family_name, claim.family_name)
    ]
    return patients[0] if len(patients) == 1 else None


def find_carer(session: Session, claim: Claim) -> Carer | None:
    """The one carer whose own details these are; two alike find none."""
    found = session.execute(
        select(Carer).where(
            Carer.birth_date == claim.birth_date,
            func.replace(Carer.postcode, " ", "") == _compact(claim.postcode),
        )
    ).scalars()
    carers = [carer for carer in found if _same_name(carer.family_name, claim.family_name)]
    return carers[0] if len(carers) == 1 else None


def _same_name(recorded: str | None, given: str | None) -> bool:
    """Equal, or one of two surnames left out ("García" for "García López")."""
    one, other = set(fold(recorded or "").split()), set(fold(given or "").split())
    return bool(one and other) and (one <= other or other <= one)


def _compact(postcode: str | None) -> str:
    return (postcode or "").replace(" ", "").upper()
