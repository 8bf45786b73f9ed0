"""One-time codes, sent to the phone on record: sent, checked, spent.

A decoy goes to nobody, so that an unknown number's path is the same.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.records.identity_models import IdentitySession, OneTimeCode, TextMessage
from bot.records.models import Patient
from bot.services.code_limit import may_send_code
from bot.services.identity.attempts import note_attempt
from bot.services.identity.claims import Claim, find_carer, find_patient
from bot.services.identity.sessions import start_carer_identity, start_identity
from bot.services.keys import encrypt, keyed_hash
from bot.services.who_may_be_told import may_be_told
from bot.settings import get_settings

CODE_DIGITS = 6
CODE_TRIES = 3


def send_code(
    session: Session,
    conversation_id: str,
    claim: Claim,
    now: datetime,
    *,
    as_carer: bool = False,
) -> None:
    """Send a one-time code if the claim fits; the outside can't tell whether it did.

    Args:
        as_carer: the claim is a carer's own, and the code goes to the phone that staff recorded.
    """
    patient = None if as_carer else _patient_to_send_to(session, claim, now)
    carer = find_carer(session, claim) if as_carer else None
    fits = patient or carer
    if not may_send_code(session, fits.phone if fits else None, now):
        patient = carer = None
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.conversation_id == conversation_id, OneTimeCode.used_at.is_(None))
        .values(used_at=now)
    )
    session.add(
        OneTimeCode(
            conversation_id=conversation_id,
            patient_id=patient.id if patient else None,
            carer_id=carer.id if carer else None,
            code_hash=keyed_hash("code", f"{conversation_id}:{code}"),
            created_at=now,
            expires_at=now + timedelta(minutes=get_settings().code_minutes),
        )
    )
    session.add(
        TextMessage(
            patient_id=patient.id if patient else None,
            carer_id=carer.id if carer else None,
            ciphertext=encrypt(code),
            created_at=now,
        )
    )


def _patient_to_send_to(session: Session, claim: Claim, now: datetime) -> Patient | None:
    patient = find_patient(session, claim)
    fits = may_be_told(patient, claim.birth_date, now.date()) and bool(patient and patient.phone)
    return patient if fits else None


def check_code(
    session: Session, conversation_id: str, subject: str, code: str, now: datetime
) -> IdentitySession | None:
    """Verify by the code; None: wrong, used, too old, tried too often, or a decoy.

    A carer's right code starts a carer's session, whatever they may still ask for.
    """
    row = session.execute(
        select(OneTimeCode)
        .where(OneTimeCode.conversation_id == conversation_id, OneTimeCode.used_at.is_(None))
        .order_by(OneTimeCode.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    right = False
    if row is not None:
        row.tries += 1
        expected = keyed_hash("code", f"{conversation_id}:{code}")
        right = (
            hmac.compare_digest(row.code_hash, expected)
            and (row.patient_id or row.carer_id) is not None
            and row.expires_at > now
            and row.tries <= CODE_TRIES
        )
    note_attempt(session, conversation_id, subject, right, now)
    if row is None or not right:
        return None
    row.used_at = now
    if row.carer_id is not None:
        return start_carer_identity(session, conversation_id, row.carer_id, now)
    return start_identity(session, conversation_id, row.patient_id, "code", now)


def code_is_spent(session: Session, conversation_id: str, now: datetime) -> bool:
    """True when no try is left for the newest code, or it is too old."""
    row = session.execute(
        select(OneTimeCode)
        .where(OneTimeCode.conversation_id == conversation_id, OneTimeCode.used_at.is_(None))
        .order_by(OneTimeCode.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return row is None or row.tries >= CODE_TRIES or row.expires_at <= now
