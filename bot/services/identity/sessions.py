"""The identity session: the time for which a conversation is verified, as patient or as carer.

A carer's session is for one patient at most; who asks for another gets a new one, so that each
answer belongs to one record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.records.carer_models import CarerAccess
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.services.audit import audit
from bot.services.carers.validity import access_is_valid, valid_access_of
from bot.services.given_links import end_links_given_in
from bot.services.site_days import local_day
from bot.services.updates import end_if_another, end_subscription, running_subscription
from bot.settings import get_settings


def running_session(
    session: Session, conversation_id: str, now: datetime
) -> IdentitySession | None:
    """The running identity session, also of a carer who has not chosen for whom yet; None: there
    is none, it is over, or the access behind it holds no longer."""
    found = session.execute(
        select(IdentitySession, CarerAccess, Patient)
        .outerjoin(CarerAccess, CarerAccess.id == IdentitySession.carer_access_id)
        .outerjoin(Patient, Patient.id == CarerAccess.patient_id)
        .where(
            IdentitySession.conversation_id == conversation_id,
            IdentitySession.ended_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    row, access, patient = found
    limit = timedelta(minutes=get_settings().identity_minutes)
    if row.last_seen_at <= now - limit:
        return None
    if access is not None and not access_is_valid(access, patient, local_day(now)):
        return None
    return row


def current_identity(
    session: Session, conversation_id: str, now: datetime
) -> IdentitySession | None:
    """The identity session that a record may be read in; None when there is none.

    Every read asks here: a carer's access is looked up anew each time.
    """
    row = running_session(session, conversation_id, now)
    return row if row is not None and row.patient_id is not None else None


def touch_identity(session: Session, conversation_id: str, now: datetime) -> None:
    """A message came: the identity session's time starts anew, unless it is over."""
    row = running_session(session, conversation_id, now)
    if row is not None:
        row.last_seen_at = now


def end_identity(session: Session, conversation_id: str, now: datetime, reason: str) -> bool:
    """End the identity session; True when there was one to end."""
    not_ended = (
        IdentitySession.conversation_id == conversation_id,
        IdentitySession.ended_at.is_(None),
    )
    row = session.execute(select(IdentitySession).where(*not_ended)).scalar_one_or_none()
    ended = session.execute(
        update(IdentitySession)
        .where(*not_ended)
        .values(ended_at=_not_before_start(now), ended_reason=reason)
    ).rowcount
    if ended and row is not None:
        actor = actor_of(row)
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


def start_identity(
    session: Session, conversation_id: str, patient_id: str, method: str, now: datetime
) -> IdentitySession:
    """Start a patient's identity session after a check that was right; a running one ends first,
    and so do updates about somebody else."""
    end_if_another(session, conversation_id, patient_id, now)
    row = _start(session, conversation_id, now, method=method, patient_id=patient_id)
    audit(session, actor_of(row), "identity_started", "patient", patient_id, method=method)
    return row


def start_carer_identity(
    session: Session,
    conversation_id: str,
    carer_id: str,
    now: datetime,
    access: CarerAccess | None = None,
) -> IdentitySession:
    """Start a carer's identity session, for one access; a running session ends first, and so do
    updates that the patient themself asked for here.

    Args:
        access: None: the only one there is; with several the carer must choose.
    """
    if access is None:
        valid = valid_access_of(session, carer_id, local_day(now))
        access = valid[0] if len(valid) == 1 else None
    subscription = running_subscription(session, conversation_id)
    if subscription is not None and subscription.carer_access_id is None:
        end_subscription(session, conversation_id, now, "new identity")
    row = _start(session, conversation_id, now, method="code", carer_id=carer_id)
    audit(session, actor_of(row), "carer_identity_started", "conversation", conversation_id)
    if access is not None:
        take_access(session, row, access, now)
    return row


def take_access(session: Session, row: IdentitySession, access: CarerAccess, now: datetime) -> None:
    """Tie a carer's session that has no patient yet to an access; updates by another end."""
    end_if_another(session, row.conversation_id, access.patient_id, now, access.id)
    row.carer_access_id, row.patient_id = access.id, access.patient_id
    session.flush()
    audit_of(session, row, "identity_started", "patient", access.patient_id, method=row.method)


def _start(session: Session, conversation_id: str, now: datetime, **fields: str) -> IdentitySession:
    end_identity(session, conversation_id, now, "new identity")
    row = IdentitySession(
        conversation_id=conversation_id, started_at=now, last_seen_at=now, **fields
    )
    session.add(row)
    session.flush()
    return row


def actor_of(row: IdentitySession) -> str:
    """Who acts in an identity session, as the audit names them."""
    return f"carer:{row.carer_id}" if row.carer_id else f"patient:{row.conversation_id}"


def audit_of(
    session: Session,
    row: IdentitySession,
    action: str,
    subject_kind: str,
    subject_id: str | None,
    **detail: Any,
) -> None:
    """Audit what is done in an identity session; of a carer also in which conversation."""
    if row.carer_id:
        detail["conversation"] = row.conversation_id
    audit(session, actor_of(row), action, subject_kind, subject_id, **detail)
