"""Accounts of staff: made by `waymark staff`, never by the console's pages.

Who is deactivated, or gets a new password, is out of
every open console at once: their sessions end, and open pages hear of it (`live`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotFound, StaffError
from bot.records.staff_models import ROLES, Staff
from bot.services.audit import audit
from bot.services.passwords import hash_password
from bot.services.staff_sessions import end_sessions
from bot.services.staff_teams import ACTOR, join_teams


def add_staff(
    session: Session,
    email: str,
    first_name: str,
    family_name: str,
    job_title: str,
    password: str,
    now: datetime,
    *,
    role: str = "coordinator",
    teams: Sequence[str] = (),
) -> Staff:
    """Make an account.

    Args:
        first_name, job_title: what patients are told of a coordinator.
        role: one of ROLES.
        teams: names of teams, which must exist.

    Raises:
        StaffError: the e-mail is taken or unreadable, the password is too short, or the role is
            unknown.
        NotFound: no such team.
    """
    email = tidy_email(email)
    if role not in ROLES:
        raise StaffError(f"“{role}” is no role. Choose one of {', '.join(ROLES)}.")
    if not (first_name.strip() and family_name.strip() and job_title.strip()):
        raise StaffError("An account needs a first name, a family name and a job title.")
    if session.execute(select(Staff.id).where(Staff.email == email)).first():
        raise StaffError(f"{email} has an account. Give it a new password instead.")
    staff = Staff(
        email=email,
        first_name=first_name.strip(),
        family_name=family_name.strip(),
        job_title=job_title.strip(),
        role=role,
        password_hash=hash_password(password),
        created_at=now,
    )
    session.add(staff)
    session.flush()
    join_teams(session, staff, teams)
    audit(session, ACTOR, "staff_added", "staff", staff.id, role=role)
    return staff


def set_password(session: Session, staff: Staff, password: str, now: datetime) -> None:
    """A new password; every session of the old one ends.

    Raises:
        StaffError: it is too short or too long.
    """
    staff.password_hash = hash_password(password)
    end_sessions(session, staff, now)
    audit(session, ACTOR, "password_set", "staff", staff.id)


def deactivate(session: Session, staff: Staff, now: datetime) -> None:
    """No more signing in; open sessions end. The row stays: messages and audit name it."""
    staff.active = False
    end_sessions(session, staff, now)
    audit(session, ACTOR, "staff_deactivated", "staff", staff.id)


def activate(session: Session, staff: Staff) -> None:
    """May sign in again, with the password as it was."""
    staff.active = True
    audit(session, ACTOR, "staff_activated", "staff", staff.id)


def find_staff(session: Session, email: str) -> Staff:
    """The account of an e-mail address.

    Raises:
        NotFound: there is none.
    """
    staff = session.execute(
        select(Staff).where(Staff.email == tidy_email(email))
    ).scalar_one_or_none()
    if staff is None:
        raise NotFound("No account has this e-mail address. List them: waymark staff list")
    return staff


def all_staff(session: Session) -> list[Staff]:
    """Every account, by name."""
    return list(
        session.execute(select(Staff).order_by(Staff.family_name, Staff.first_name)).scalars()
    )


def tidy_email(email: str) -> str:
    """The address as it is stored and compared.

    Raises:
        StaffError: it is none.

    >>> tidy_email(" Amara@Demo.Waymark ")
    'amara@demo.waymark'
    """
    tidy = email.strip().casefold()
    name, at, host = tidy.partition("@")
    readable = (
        name and at and "." in host and "@" not in host and not any(c.isspace() for c in tidy)
    )
    if not readable or len(tidy) > Staff.email.type.length:
        raise StaffError(f"“{email}” is not an e-mail address such as name@example.nhs.uk.")
    return tidy
