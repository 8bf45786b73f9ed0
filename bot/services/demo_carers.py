"""The demo's carer: an invented person who may ask for two of the demo's patients.

Called after the demo's records and staff, which she hangs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.carer_rules import USUAL_REVIEW_MONTHS, months_after
from bot.records.carer_models import Carer, CarerAccess
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.services.carers.recording import CarerDetails, Consent, record_access
from bot.services.demo_staff import FIRST_TO_TRY
from bot.services.site_days import local_day


@dataclass(frozen=True)
class DemoAccess:
    """Whom the carer may ask for, and how much; shows: the scope in words."""

    nhs_number: str
    given_name: str
    scope: str
    shows: str


@dataclass(frozen=True)
class DemoCarer:
    """What a newcomer needs to sign in as her."""

    given_name: str
    family_name: str
    birth_date: date
    postcode: str
    phone: str
    access: tuple[DemoAccess, ...]


CARER = DemoCarer(
    "Layla",
    "Namudhaji",
    date(1999, 6, 12),
    "SE5 9AA",
    "07700 900120",
    (
        DemoAccess("9990002029", "Yusuf", "all", "everything"),
        DemoAccess("9990005052", "Arthur", "appointments", "appointments only"),
    ),
)


def load_demo_carers(session: Session, now: datetime) -> None:
    """Record the carer's access, unless it was ever recorded: a withdrawn one stays so."""
    staff = session.execute(select(Staff).where(Staff.email == FIRST_TO_TRY)).scalar_one()
    details = CarerDetails(
        CARER.given_name, CARER.family_name, CARER.birth_date, CARER.postcode, CARER.phone
    )
    review_on = months_after(local_day(now), USUAL_REVIEW_MONTHS)
    for access in CARER.access:
        number = Patient.nhs_number == access.nhs_number
        patient = session.execute(select(Patient).where(number)).scalar_one()
        known = (
            select(CarerAccess.id)
            .join(Carer, Carer.id == CarerAccess.carer_id)
            .where(CarerAccess.patient_id == patient.id, Carer.phone == CARER.phone)
        )
        if session.execute(known).first() is None:
            consent = Consent("consent", access.scope, review_on, True, True)
            record_access(session, staff, patient, details, consent, now)
