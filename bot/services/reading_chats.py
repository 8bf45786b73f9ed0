"""Notes who reads a hand-off: once a view of its page, and once a sign-in for its parts.

The parts of an open page are fetched anew by themselves all the time: a line for each would bury
the others. Called by the console's chat pages.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.records.chat_models import AuditEntry, Handoff
from bot.records.staff_models import Staff, StaffSession
from bot.services.audit import audit

VIEWED = "handoff_viewed"


def note_view(
    session: Session, staff: Staff, handoff: Handoff, *, holds: bool, patient_id: str | None
) -> None:
    """The page was opened."""
    detail = {"holds": holds, "patient": patient_id}
    audit(session, f"staff:{staff.id}", VIEWED, "handoff", handoff.id, **detail)


def note_part_read(
    session: Session,
    staff: Staff,
    handoff: Handoff,
    session_id: str,
    *,
    holds: bool,
    patient_id: str | None,
) -> None:
    """A part of the page was fetched; noted unless this person's session has read it before, and
    again when the patient has become known meanwhile.

    Args:
        session_id: of the signed-in browser.
    """
    signed_in_at = select(StaffSession.created_at).where(StaffSession.id == session_id)
    seen = session.execute(
        select(AuditEntry.detail).where(
            AuditEntry.subject_id == handoff.id,
            AuditEntry.actor == f"staff:{staff.id}",
            AuditEntry.action == VIEWED,
            AuditEntry.at >= signed_in_at.scalar_subquery(),
        )
    ).scalars()
    if not any(detail.get("patient") == patient_id for detail in seen):
        note_view(session, staff, handoff, holds=holds, patient_id=patient_id)
