"""How many one-time codes may go to one phone: whoever types a stranger's details must not be able
to make their phone ring all day.

Called by `bot.services.identity` for every code, also for one that goes to nobody, so that the
outside can't tell the difference.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.records.carer_models import Carer
from bot.records.identity_models import OneTimeCode
from bot.records.models import Patient
from bot.settings import get_settings

WINDOW = timedelta(hours=1)
OWN_DIGITS = 9
"""The last digits of a number tell it from others however its beginning is written (0, +44)."""


def may_send_code(session: Session, phone: str | None, now: datetime) -> bool:
    """Whether another code may go to this phone now.

    Args:
        phone: None: there is none; the same is asked of the database all the same.
    """
    digits = "".join(sign for sign in phone or "" if sign.isdigit())[-OWN_DIGITS:]
    written = func.coalesce(Patient.phone, Carer.phone)
    for sign in " -()":
        written = func.replace(written, sign, "")
    sent = session.execute(
        select(func.count())
        .select_from(OneTimeCode)
        .outerjoin(Patient, Patient.id == OneTimeCode.patient_id)
        .outerjoin(Carer, Carer.id == OneTimeCode.carer_id)
        .where(OneTimeCode.created_at > now - WINDOW, written.endswith(digits or "none"))
    ).scalar_one()
    return int(sent) < get_settings().codes_per_hour
