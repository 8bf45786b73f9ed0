"""Leases: of several processes one does a thing, and another goes on when it dies.

Used by `bot.channels.telegram_polling`: Telegram gives updates to one poller only.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.records.channel_models import Lease


def take_lease(session: Session, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take a lease, or renew one's own; False: another holder's runs still."""
    taken = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
        .values(holder=holder, until=now + length)
        .execution_options(synchronize_session=False)
    ).rowcount
    if taken:
        return True
    try:
        with session.begin_nested():
            session.add(Lease(name=name, holder=holder, until=now + length))
    except IntegrityError:  # it is there: somebody else's
        return False
    return True


def give_up_lease(session: Session, name: str, holder: str) -> None:
    """Let the next one have it at once."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
