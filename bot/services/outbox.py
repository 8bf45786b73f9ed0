"""What must go out besides messages: slot events for Rasa, mails, typing signs.

Put in the transaction that decides it, so that nothing is decided and not sent. Whoever sends
(`bot.channels.delivery`, `bot.worker`) takes what is due, sends, and marks it done: at least
once, in order within a conversation. Messages themselves are rows of `messages`.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.records.staff_models import OutboxItem

logger = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 600


def put(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    now: datetime,
    *,
    conversation_id: str | None = None,
) -> OutboxItem:
    """Store one item: kind "slot", "mail" or "typing"."""
    item = OutboxItem(
        kind=kind, payload=payload, conversation_id=conversation_id, created_at=now, due_at=now
    )
    session.add(item)
    return item


def due(session: Session, kind: str, now: datetime, limit: int = 50) -> list[OutboxItem]:
    """Items to send now, oldest first."""
    return list(
        session.execute(
            select(OutboxItem)
            .where(OutboxItem.kind == kind, OutboxItem.done_at.is_(None), OutboxItem.due_at <= now)
            .order_by(OutboxItem.id)
            .limit(limit)
        ).scalars()
    )


def done(session: Session, item: OutboxItem, now: datetime) -> None:
    """It went out."""
    row = session.get(OutboxItem, item.id)
    if row is not None:
        row.done_at = now


def failed(session: Session, item: OutboxItem, now: datetime) -> None:
    """It did not go out: later again, each time twice as late. Never given up."""
    row = session.get(OutboxItem, item.id)
    if row is None:
        return
    row.tries += 1
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(row.tries - 1, 10), LONGEST_PAUSE_SECONDS)
    row.due_at = now + timedelta(seconds=pause)
    logger.warning("Outbox item %s (%s) failed %s times.", row.id, row.kind, row.tries)


def forget_done(session: Session, before: datetime) -> int:
    """Delete what went out before a moment; returns how many."""
    return session.execute(delete(OutboxItem).where(OutboxItem.done_at < before)).rowcount
