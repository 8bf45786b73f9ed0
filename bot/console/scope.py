"""The one way from an address to a hand-off: inside a transaction, within the reader's scope.

Used by every page and action under /handoffs/. A guessed id of another team looks like none at
all, and is audited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request

from bot.console.security import staff_of
from bot.errors import NotFound
from bot.records.base import utc_now
from bot.records.chat_models import Handoff
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.records.staff_queries import handoff_of
from bot.services.audit import audit

ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Scope:
    """Who asks, about which hand-off, when, in which transaction."""

    session: Session
    staff: Staff
    handoff: Handoff
    now: datetime

    @property
    def holds(self) -> bool:
        """Whether the reader holds the hand-off, and so may write."""
        return self.handoff.state == "claimed" and self.handoff.claimed_by_id == self.staff.id


@contextmanager
def handoff_scope(request: Request) -> Iterator[Scope]:
    """A transaction on the hand-off that the address names.

    Raises:
        NotFound: none that the reader may see; the try is audited.
    """
    signed_in = staff_of(request)
    handoff_id = request.path_params["handoff_id"]
    known = bool(ID.fullmatch(handoff_id))
    with transaction() as session:
        staff = session.get(Staff, signed_in.id)
        try:
            handoff = handoff_of(session, staff, handoff_id) if known else None
        except NotFound:
            handoff = None
        if handoff is not None:
            yield Scope(session, staff, handoff, utc_now())
            return
        asked_for = handoff_id if known else None
        audit(session, f"staff:{staff.id}", "handoff_refused", "handoff", asked_for)
    raise NotFound("There is no such hand-off in your teams. Go back to the queue.")
