"""The identity session: the time for which a conversation is verified."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.records.identity_models import IdentitySession
from bot.services.audit import audit
from bot.settings import get_settings


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
