"""The demo's stand-in for a phone: shows the codes that would be sent. Off in production."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.errors import Refused
from bot.records.carer_models import Carer
from bot.records.identity_models import TextMessage
from bot.records.models import Patient
from bot.services.keys import decrypt
from bot.settings import get_settings

DEMO_PAGE = "/chat/demo/phone"
SHOWN = 5


def newest_texts(session: Session) -> list[dict[str, str]]:
    """The newest codes: [{to, code, at}].

    Raises:
        Refused: not in demo mode.
    """
    if get_settings().mode != "demo":
        raise Refused("The demo's phone exists in demo mode only.")
    zone = ZoneInfo(get_settings().time_zone)
    given_name = func.coalesce(Patient.given_name, Carer.given_name)
    family_name = func.coalesce(Patient.family_name, Carer.family_name)
    rows = session.execute(
        select(TextMessage, given_name, family_name)
        .outerjoin(Patient, Patient.id == TextMessage.patient_id)
        .outerjoin(Carer, Carer.id == TextMessage.carer_id)
        .where(or_(Patient.id.isnot(None), Carer.id.isnot(None)))
        .order_by(TextMessage.id.desc())
        .limit(SHOWN)
    ).all()
    return [
        {
            "to": f"{given} {family}",
            "code": decrypt(text.ciphertext) or "",
            "at": text.created_at.astimezone(zone).strftime("%H:%M:%S"),
        }
        for text, given, family in rows
    ]
