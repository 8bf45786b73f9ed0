"""Links that a patient was given in a chat die when they sign out of it.

Called by `bot.services.identity`; the links are made in `bot.services.one_time_links`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.records.identity_models import Invitation


def giver_of(conversation_id: str) -> str:
    """Who issued the links of a conversation, as their rows name it."""
    return f"patient:{conversation_id}"


def end_links_given_in(session: Session, conversation_id: str, now: datetime) -> None:
    """No link that is still unused opens anything any more."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.issued_by == giver_of(conversation_id),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
    )
