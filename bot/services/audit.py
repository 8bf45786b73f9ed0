"""Who read or changed what, when. Called inside the transaction that does it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry


def audit(
    session: Session,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str | None = None,
    **detail: Any,
) -> None:
    """Append one entry.

    Args:
        actor: who: "patient:<conversation id>", "import", "staff:<id>". Never empty.
        detail: opaque ids and counts only, no names, numbers or text.

    Raises:
        ValueError: an anonymous entry.
    """
    if not actor:
        raise ValueError("An audit entry needs an actor.")
    session.add(
        AuditEntry(
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            detail=detail,
        )
    )
