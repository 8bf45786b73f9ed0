"""Forgets what is of no more use: sealed values, live events, what went out.

Called by `bot.worker` every few minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.records.chat_models import Handoff, SealedValue
from bot.services.live import forget_events
from bot.services.outbox import forget_done
from bot.services.seal import forget_expired

KEPT_AFTER_HANDOFF = timedelta(days=1)
"""A sealed value lasts until the hand-off is resolved plus a day (design, section 6)."""
NEVER_KEPT_LONGER = ("code",)
"""A one-time code is of no use to staff."""
EVENTS_KEPT = timedelta(days=3)
"""An open console that was away for longer loads its page afresh."""
SENT_KEPT = timedelta(days=1)


def forget_old(session: Session, now: datetime) -> None:
    """Delete what is too old; first, what an open hand-off may still need gets its time."""
    _keep_for_open_handoffs(session, now)
    forget_expired(session, now)
    forget_events(session, now - EVENTS_KEPT)
    forget_done(session, now - SENT_KEPT)


def _keep_for_open_handoffs(session: Session, now: datetime) -> None:
    """Move the end of sealed values on, for as long as a hand-off of the conversation is open."""
    until = now + KEPT_AFTER_HANDOFF
    with_handoff = select(Handoff.conversation_id).where(Handoff.state.in_(("waiting", "claimed")))
    session.execute(
        update(SealedValue)
        .where(
            SealedValue.conversation_id.in_(with_handoff),
            SealedValue.expires_at < until,
            SealedValue.expires_at > now,
            SealedValue.kind.not_in(NEVER_KEPT_LONGER),
        )
        .values(expires_at=until)
        .execution_options(synchronize_session=False)
    )
