"""What somebody may not see looks as if it weren't there, and the try is audited.

Used by the issue and figure pages; hand-offs have `scope.handoff_scope`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session
from starlette.requests import Request

from bot.console.security import staff_of
from bot.errors import NotFound
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.audit import audit

ID = re.compile(r"[0-9a-f]{32}")


@contextmanager
def asking(
    request: Request, subject_kind: str, subject_id: str | None = None
) -> Iterator[tuple[Session, Staff]]:
    """A transaction, and who asks in it.

    Args:
        subject_kind: what is asked for: "issue", "figures" …
        subject_id: which one, as the address names it; only an opaque id is written down.

    Raises:
        NotFound: as the block does; audited as "<subject_kind>_refused".
    """
    staff_id = staff_of(request).id
    known = subject_id if subject_id and ID.fullmatch(subject_id) else None
    try:
        if subject_id and known is None:
            raise NotFound("No id of ours looks like this. Go back to the list.")
        with transaction() as session:
            yield session, session.get(Staff, staff_id)
    except NotFound:
        with transaction() as session:
            audit(session, f"staff:{staff_id}", f"{subject_kind}_refused", subject_kind, known)
        raise
