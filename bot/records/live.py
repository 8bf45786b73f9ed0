"""Gives live events their ids under one lock, at the very end of a transaction.

A database sequence gives ids out before the commit, so that a smaller id can appear after a
larger one. Here the counter's row stays locked from the first id to the commit; it is taken last,
so no other lock is waited for while it is held.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.records.staff_models import ConsoleEvent, EventCounter

NOTED = "waymark.noted_events"


def note(session: Session, event: ConsoleEvent) -> None:
    """Keep an event until the transaction ends."""
    session.info.setdefault(NOTED, []).append(event)


def write_noted(session: Session) -> None:
    """Number and store what was noted. Called by `transaction()` just before its commit."""
    noted = session.info.pop(NOTED, [])
    if not noted:
        return
    session.flush()
    session.execute(update(EventCounter).values(last=EventCounter.last + len(noted)))
    last = session.execute(select(EventCounter.last)).scalar_one()
    for number, event in enumerate(noted, start=last - len(noted) + 1):
        event.id = number
        session.add(event)
