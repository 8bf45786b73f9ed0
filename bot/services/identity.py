"""Verifies who is asking, and keeps the identity session.

Called by `actions.identity`. No such patient, wrong date, restricted, deceased, superseded, under
16 and flagged by staff look alike from outside: the same words, the same queries. Tries are
counted per conversation, per address and per NHS number; the limit slows down and never locks a
patient out for good (design, section 6).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.pathway.folding import fold
from bot.records.chat_models import Conversation
from bot.records.identity_models import (
    IdentityAttempt,
    IdentitySession,
    Invitation,
    OneTimeCode,
    TextMessage,
)
from bot.records.models import Patient
from bot.services.audit import audit
from bot.services.code_limit import may_send_code
from bot.services.given_links import end_links_given_in
from bot.services.keys import encrypt, keyed_hash
from bot.settings import get_settings

CODE_DIGITS = 6
CODE_TRIES = 3
ADULT_YEARS = 16
TRIES_PER_ADDRESS = 4
"""How many conversations' tries one address may use up."""


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


def current_identity(
    session: Session, conversation_id: str, now: datetime
) -> IdentitySession | None:
    """The running identity session of a conversation; None when there is none or it is over."""
    row = session.execute(
        select(IdentitySession).where(
            IdentitySession.conversation_id == conversation_id,
            IdentitySession.ended_at.is_(None),
        )
    ).scalar_one_or_none()
    limit = timedelta(minutes=get_settings().identity_minutes)
    return row if row is not None and row.last_seen_at > now - limit else None


def touch_identity(session: Session, conversation_id: str, now: datetime) -> None:
    """A message came: the identity session's time starts anew, unless it is over."""
    row = current_identity(session, conversation_id, now)
    if row is not None:
        row.last_seen_at = now


def end_identity(session: Session, conversation_id: str, now: datetime, reason: str) -> bool:
    """End the identity session; True when there was one to end."""
    ended = session.execute(
        update(IdentitySession)
        .where(
            IdentitySession.conversation_id == conversation_id,
            IdentitySession.ended_at.is_(None),
        )
        .values(ended_at=_not_before_start(now), ended_reason=reason)
    ).rowcount
    if ended:
        actor = f"patient:{conversation_id}"
        audit(session, actor, "identity_ended", "conversation", conversation_id, reason=reason)
        end_links_given_in(session, conversation_id, now)
    return bool(ended)


def _not_before_start(now: datetime) -> ColumnElement:
    """Signing out must never fail, not even where one machine's clock is behind another's."""
    started_at = IdentitySession.started_at
    return case((started_at > now, started_at), else_=literal(now, started_at.type))


def end_idle_identities(session: Session, now: datetime) -> list[str]:
    """End every session whose time is over; returns their conversations' ids."""
    limit = now - timedelta(minutes=get_settings().identity_minutes)
    idle = session.execute(
        select(IdentitySession.conversation_id).where(
            IdentitySession.ended_at.is_(None), IdentitySession.last_seen_at <= limit
        )
    ).scalars()
    return [c for c in list(idle) if end_identity(session, c, now, "idle")]


def minutes_to_wait(
    session: Session, conversation_id: str, subject: str | None, now: datetime
) -> int:
    """Minutes until the next try is allowed; 0: now. Fails count, successes don't."""
    settings = get_settings()
    window = timedelta(minutes=settings.identity_window_minutes)
    address = _address_of(session, conversation_id)
    tries = settings.identity_tries
    limits = [(IdentityAttempt.conversation_id == conversation_id, tries)]
    if address:  # a household or a surgery's waiting room shares one address
        limits.append((IdentityAttempt.address_hash == address, tries * TRIES_PER_ADDRESS))
    if subject:
        limits.append((IdentityAttempt.subject_hash == keyed_hash("subject", subject), tries))
    wait = 0
    for condition, allowed in limits:
        failed, oldest = session.execute(
            select(func.count(), func.min(IdentityAttempt.at)).where(
                condition, IdentityAttempt.succeeded.is_(False), IdentityAttempt.at > now - window
            )
        ).one()
        if failed >= allowed and oldest is not None:
            wait = max(wait, int((oldest + window - now).total_seconds() // 60) + 1)
    return wait


def _address_of(session: Session, conversation_id: str) -> str | None:
    return session.execute(
        select(Conversation.address_hash).where(Conversation.id == conversation_id)
    ).scalar_one_or_none()


def _note_attempt(
    session: Session, conversation_id: str, subject: str, succeeded: bool, now: datetime
) -> None:
    session.add(
        IdentityAttempt(
            conversation_id=conversation_id,
            address_hash=_address_of(session, conversation_id),
            subject_hash=keyed_hash("subject", subject),
            succeeded=succeeded,
            at=now,
        )
    )


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


def send_code(session: Session, conversation_id: str, claim: Claim, now: datetime) -> None:
    """Send a one-time code if the claim fits a patient; the outside can't tell whether it did."""
    patient = find_patient(session, claim)
    may_send = may_send_code(session, patient.phone if patient else None, now)
    known = may_be_told(patient, claim.birth_date, now.date()) and bool(patient and patient.phone)
    fits = known and may_send
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.conversation_id == conversation_id, OneTimeCode.used_at.is_(None))
        .values(used_at=now)
    )
    session.add(
        OneTimeCode(
            conversation_id=conversation_id,
            patient_id=patient.id if fits and patient else None,
            code_hash=keyed_hash("code", f"{conversation_id}:{code}"),
            created_at=now,
            expires_at=now + timedelta(minutes=get_settings().code_minutes),
        )
    )
    session.add(
        TextMessage(
            patient_id=patient.id if fits and patient else None,
            ciphertext=encrypt(code),
            created_at=now,
        )
    )


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


def _same_name(recorded: str | None, given: str | None) -> bool:
    """Equal, or one of two surnames left out ("García" for "García López")."""
    one, other = set(fold(recorded or "").split()), set(fold(given or "").split())
    return bool(one and other) and (one <= other or other <= one)


def _compact(postcode: str | None) -> str:
    return (postcode or "").replace(" ", "").upper()


def check_code(
    session: Session, conversation_id: str, subject: str, code: str, now: datetime
) -> IdentitySession | None:
    """Verify by the code; None: wrong, used, too old, tried too often, or a decoy."""
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
            and row.patient_id is not None
            and row.expires_at > now
            and row.tries <= CODE_TRIES
        )
    _note_attempt(session, conversation_id, subject, right, now)
    if row is None or not right:
        return None
    row.used_at = now
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


def invited_subject(session: Session, conversation_id: str) -> str | None:
    """What tries by invitation are counted against: the link, whichever conversation opened it.

    Locks the link until the transaction ends, so that tries at it wait for each other and their
    count is right.
    """
    conversation = session.get(Conversation, conversation_id)
    tied = conversation.invitation_id if conversation else None
    if tied:
        session.get(Invitation, tied, with_for_update=True, populate_existing=True)
    return _invited_subject(tied) if tied else None


def _invited_subject(invitation_id: str | None) -> str:
    return f"invitation {invitation_id}"


def check_invitation(
    session: Session, conversation_id: str, birth_date: date, now: datetime
) -> IdentitySession | None:
    """Verify by the invitation this conversation came with, and use it up; None: no match."""
    conversation = session.get(Conversation, conversation_id)
    tied = conversation.invitation_id if conversation else None
    invitation = session.get(Invitation, tied) if tied else None
    patient = session.get(Patient, invitation.patient_id) if invitation else None
    right = (
        invitation is not None
        and invitation.used_at is None
        and invitation.expires_at > now
        and may_be_told(patient, birth_date, now.date())
    )
    _note_attempt(session, conversation_id, _invited_subject(tied), right, now)
    if not right or invitation is None:
        return None
    invitation.used_at = now
    return start_identity(session, conversation_id, invitation.patient_id, "invitation", now)


def start_identity(
    session: Session, conversation_id: str, patient_id: str, method: str, now: datetime
) -> IdentitySession:
    """Start an identity session after a check that was right; a running one ends first."""
    end_identity(session, conversation_id, now, "new identity")
    row = IdentitySession(
        conversation_id=conversation_id,
        patient_id=patient_id,
        method=method,
        started_at=now,
        last_seen_at=now,
    )
    session.add(row)
    session.flush()
    actor = f"patient:{conversation_id}"
    audit(session, actor, "identity_started", "patient", patient_id, method=method)
    return row
