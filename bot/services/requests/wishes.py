"""Adds what the patient wishes to a request that is open, a tap or a sentence at a time.

Called by `actions.wishes` and `actions.support`. Each wish is stored when it is said, so that
nothing is lost when the patient stops in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.pathway.requests import Wishes
from bot.records.request_models import CareRequest
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.live import note_event
from bot.services.translations import want_translations


def add_wishes(
    session: Session, row: CareRequest, change: Callable[[Wishes], dict[str, Any]], now: datetime
) -> CareRequest:
    """Change a request's wishes by a rule of `bot.pathway.requests`; open consoles learn of it."""
    lock_conversation(session, row.conversation_id)
    session.refresh(row)
    row.wishes, row.updated_at = change(row.wishes), now
    actor = f"patient:{row.conversation_id}"
    audit(session, actor, "request_wishes", "request", row.id, kind=row.kind)
    if row.handoff is not None:
        want_translations(session, row.handoff)
        note_event(session, "handoff", handoff=row.handoff)
    session.flush()
    return row
