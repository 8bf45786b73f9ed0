"""The demo's stand-in for a phone: shows the codes that would be sent. Off in production."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import Refused
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
    rows = session.execute(
        select(TextMessage, Patient)
        .join(Patient, Patient.id == TextMessage.patient_id)
        .order_by(TextMessage.id.desc())
        .limit(SHOWN)
    ).all()
    return [
        {
            "to": f"{patient.given_name} {patient.family_name}",
            "code": decrypt(text.ciphertext) or "",
            "at": text.created_at.astimezone(zone).strftime("%H:%M:%S"),
        }
        for text, patient in rows
    ]
