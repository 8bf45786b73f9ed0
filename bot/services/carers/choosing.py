"""The carer's side: for whom a conversation asks, and how that is chosen.

Called by `actions.carers`. A carer's identity session is for one patient; asking for somebody
else ends it, and its answers leave the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.carer_models import CarerAccess
from bot.records.identity_models import IdentitySession
from bot.services.carers.naming import name_of
from bot.services.carers.validity import access_is_valid, valid_access_of
from bot.services.identity import (
    end_identity,
    running_session,
    start_carer_identity,
    take_access,
)
from bot.services.site_days import local_day


@dataclass(frozen=True)
class Person:
    """Somebody a carer may ask for: the access's id, the given name, and how much may be told."""

    access_id: str
    name: str
    scope: str


def carer_session(session: Session, conversation_id: str, now: datetime) -> IdentitySession | None:
    """The running session, when it is a carer's; they may not have chosen yet."""
    row = running_session(session, conversation_id, now)
    return row if row is not None and row.carer_id is not None else None


def people_of(session: Session, row: IdentitySession, now: datetime) -> list[Person]:
    """All whom the carer of a session may ask for now."""
    return [_person(one) for one in valid_access_of(session, row.carer_id, local_day(now))]


def person_of(session: Session, row: IdentitySession) -> Person | None:
    """For whom a session asks; None: a patient's own, or not chosen yet."""
    return _person(row.carer_access) if row.carer_access_id else None


def choose_person(
    session: Session, row: IdentitySession, access_id: str, now: datetime
) -> IdentitySession | None:
    """Ask for this person from now on; None: this carer may not.

    Args:
        row: the carer's running session.
    """
    access = session.execute(
        select(CarerAccess).where(CarerAccess.id == access_id, CarerAccess.carer_id == row.carer_id)
    ).scalar_one_or_none()
    if access is None or not access_is_valid(access, access.patient, local_day(now)):
        return None
    if row.carer_access_id == access.id:
        return row
    if row.carer_access_id is None:
        take_access(session, row, access, now)
        return row
    return start_carer_identity(session, row.conversation_id, row.carer_id, now, access)


def leave_person(session: Session, row: IdentitySession, now: datetime) -> IdentitySession:
    """Ask for nobody any more, but stay verified: another is to be chosen."""
    if row.carer_access_id is None:
        return row
    return start_carer_identity(session, row.conversation_id, row.carer_id, now)


def end_lost_session(session: Session, conversation_id: str, now: datetime) -> bool:
    """End a carer's session whose access holds no longer; True when there was one."""
    row = session.execute(
        select(IdentitySession).where(
            IdentitySession.conversation_id == conversation_id,
            IdentitySession.ended_at.is_(None),
            IdentitySession.carer_access_id.isnot(None),
        )
    ).scalar_one_or_none()
    if row is None:
        return False
    access = row.carer_access
    if access_is_valid(access, access.patient, local_day(now)):
        return False
    return end_identity(session, conversation_id, now, "access ended")


def _person(access: CarerAccess) -> Person:
    return Person(access.id, name_of(access), access.scope)
