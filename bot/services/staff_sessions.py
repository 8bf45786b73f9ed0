"""Who is signed in at the console, and how tries to sign in are slowed down.

Called by `bot.console`. A sign-in has three steps: `begin_sign_in` counts the try (as a wrong one,
so that many at once can't slip through), the caller verifies the password outside of any
transaction (argon2 takes its time on purpose), and `finish_sign_in` makes the session or leaves
the try as it is. The database holds the hash of the cookie's token only.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.records.staff_models import SignInAttempt, Staff, StaffSession
from bot.services.audit import audit
from bot.services.keys import keyed_hash
from bot.services.live import note_event
from bot.services.passwords import hash_password, needs_new_hash
from bot.settings import get_settings

WINDOW = timedelta(minutes=15)
"""Wrong tries older than this count no more."""
TRIES_PER_ADDRESS = 10
"""A whole clinic shares one address: it may have as many times the tries of one account."""
KEPT = timedelta(days=7)
"""How long ended sessions and old tries stay in their tables; the audit keeps what happened."""


@dataclass(frozen=True)
class SignInTry:
    """One try, counted. minutes_to_wait: 0 when the password may be verified now.

    password_hash: None when there is no such account; verify against it all the same
    (`passwords.password_matches`), so that the answer takes as long.
    """

    minutes_to_wait: int
    attempt_id: int | None = None
    staff_id: str | None = None
    password_hash: str | None = None


def begin_sign_in(session: Session, email: str, address: str | None, now: datetime) -> SignInTry:
    """Count a try to sign in, unless too many were wrong: then a right one is refused as well."""
    email = email.strip().casefold()
    email_hash = keyed_hash("staff-email", email)
    address_hash = keyed_hash("address", address) if address else None
    # The lock makes tries at one account wait for each other, so that their count is right.
    staff = session.execute(
        select(Staff).where(Staff.email == email).with_for_update(of=Staff)
    ).scalar_one_or_none()
    wait = _minutes_to_wait(session, email_hash, address_hash, now)
    if wait:  # not in the audit: whoever floods us must not fill it, and the wrong tries are there
        return SignInTry(wait)
    attempt = SignInAttempt(
        email_hash=email_hash, address_hash=address_hash, succeeded=False, at=now
    )
    session.add(attempt)
    session.flush()
    if staff is None or not staff.active:
        return SignInTry(0, attempt.id)
    return SignInTry(0, attempt.id, staff.id, staff.password_hash)


def _minutes_to_wait(
    session: Session, email_hash: str, address_hash: str | None, now: datetime
) -> int:
    tries = get_settings().sign_in_tries
    limits = [(SignInAttempt.email_hash == email_hash, tries)]
    if address_hash:
        limits.append((SignInAttempt.address_hash == address_hash, tries * TRIES_PER_ADDRESS))
    waits = [0]
    for same, limit in limits:
        wrong = session.execute(
            select(SignInAttempt.at)
            .where(same, SignInAttempt.succeeded.is_(False), SignInAttempt.at > now - WINDOW)
            .order_by(SignInAttempt.at.desc())
            .offset(limit - 1)
            .limit(1)
        ).scalar()
        if wrong is not None:  # the limit-th newest: when it has left the window, one is free
            waits.append(math.ceil((wrong + WINDOW - now).total_seconds() / 60))
    return max(waits)


def finish_sign_in(
    session: Session, tried: SignInTry, password: str | None, now: datetime, *, ended: str | None
) -> str | None:
    """Make the session of a right try; returns the cookie's token.

    Args:
        password: the right one; None: it was wrong, and nothing is made.
        ended: the token that the browser had until now; its session ends.
    """
    staff = session.get(Staff, tried.staff_id) if tried.staff_id else None
    unchanged = staff is not None and staff.active and staff.password_hash == tried.password_hash
    if password is None or staff is None or not unchanged:
        audit(session, "console", "sign_in_refused", "staff", tried.staff_id)
        return None
    attempt = session.get(SignInAttempt, tried.attempt_id)
    if attempt is not None:
        attempt.succeeded = True
    if needs_new_hash(staff.password_hash):
        staff.password_hash = hash_password(password)
    if ended:
        sign_out(session, ended, now)
    _forget_old(session, now - KEPT)
    token = start_session(session, staff, now)
    audit(session, f"staff:{staff.id}", "signed_in", "staff", staff.id)
    return token


def start_session(session: Session, staff: Staff, now: datetime) -> str:
    """A new session; returns its token, which is kept nowhere here."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(id=session_id_of(token), staff_id=staff.id, created_at=now, last_seen_at=now)
    )
    session.flush()
    return token


def staff_of_token(
    session: Session, token: str | None, now: datetime, *, active: bool = False
) -> Staff | None:
    """Who is signed in with a cookie's token; None: nobody (any more).

    Args:
        active: the person did something just now, so the idle time starts anew.
    """
    row = running_session(session, session_id_of(token), now) if token else None
    if row is None:
        return None
    if active:
        row.last_seen_at = now
    return row.staff


def running_session(session: Session, session_id: str, now: datetime) -> StaffSession | None:
    """The session, unless it was ended, its time is over, or its owner was deactivated."""
    row = session.get(StaffSession, session_id)
    if row is None or row.ended_at is not None or not row.staff.active:
        return None
    return row if ends_at(row).moment > now else None


@dataclass(frozen=True)
class End:
    """When a session ends if nothing is done; extendable: doing something puts it off."""

    moment: datetime
    extendable: bool


def ends_at(row: StaffSession) -> End:
    """After the idle time, and at the latest after the session's whole time."""
    settings = get_settings()
    idle = row.last_seen_at + timedelta(minutes=settings.staff_idle_minutes)
    latest = row.created_at + timedelta(hours=settings.staff_session_hours)
    return End(min(idle, latest), extendable=idle < latest)


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session at once; open pages of it hear of it. A second time changes nothing."""
    row = session.get(StaffSession, session_id_of(token))
    if row is None or row.ended_at is not None:
        return
    row.ended_at = now
    note_event(session, "session_ended", staff_id=row.staff_id)
    audit(session, f"staff:{row.staff_id}", "signed_out", "staff", row.staff_id)


def end_sessions(session: Session, staff: Staff, now: datetime) -> None:
    """End all sessions of one person: the password is new, or they may see less than before."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    note_event(session, "session_ended", staff_id=staff.id)


def session_id_of(token: str) -> str:
    """What is stored instead of a token: its SHA-256 (the token is random and long enough)."""
    return hashlib.sha256(token.encode()).hexdigest()


def _forget_old(session: Session, before: datetime) -> None:
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < before))
    session.execute(delete(StaffSession).where(StaffSession.created_at < before))
