"""How a request ends: staff settle it, the record changes, or the patient takes it back.

Called by `bot.services.handoffs.resolving`, by the import, and by the actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.pathway.requests import has_changed
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.request_models import CareRequest
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.identity import actor_of
from bot.services.live import note_event


def settle_requests(session: Session, handoff: Handoff, now: datetime) -> None:
    """The task is resolved: what was asked in it is answered, unless the record did that."""
    rows = session.execute(
        select(CareRequest).where(
            CareRequest.handoff_id == handoff.id, CareRequest.state == "asked"
        )
    ).scalars()
    for row in rows:
        row.state, row.updated_at = "answered", now


def note_changes(session: Session, now: datetime) -> int:
    """The record has been brought up to date: open requests whose appointment now has another
    status or time are "changed", and their tasks say so. Returns how many."""
    rows = session.execute(
        select(CareRequest).where(
            CareRequest.state == "asked", CareRequest.appointment_id.isnot(None)
        )
    ).scalars()
    count = 0
    for row in list(rows):
        appointment = row.appointment
        if not has_changed(row.asked_of, appointment.status, appointment.starts_at):
            continue
        row.state, row.updated_at = "changed", now
        audit(session, "import", "request_changed", "request", row.id)
        if row.handoff is not None:
            note_event(session, "handoff", handoff=row.handoff)
        count += 1
    return count


def take_back(
    session: Session,
    identity: IdentitySession,
    appointment_id: str,
    kinds: Sequence[str],
    now: datetime,
    *,
    keep_task: bool = False,
) -> int:
    """Who asked takes back what they asked about an appointment, on whichever channel.

    A waiting task with nothing left in it is withdrawn; somebody's task shows what was taken back.

    Args:
        keep_task: something else was just asked in the task.

    Returns:
        how many requests.
    """
    rows = session.execute(
        select(CareRequest).where(
            CareRequest.patient_id == identity.patient_id,
            CareRequest.carer_access_id == identity.carer_access_id,
            CareRequest.appointment_id == appointment_id,
            CareRequest.kind.in_(kinds),
            CareRequest.state == "asked",
        )
    ).scalars()
    found = list(rows)
    actor = actor_of(identity)
    for conversation_id in sorted({row.conversation_id for row in found}):
        lock_conversation(session, conversation_id)
    for row in found:
        row.state, row.updated_at = "withdrawn", now
        audit(session, actor, "request_withdrawn", "request", row.id, kind=row.kind)
    session.flush()
    for handoff in {row.handoff.id: row.handoff for row in found if row.handoff}.values():
        session.refresh(handoff, with_for_update=True)
        same_talk = handoff.conversation_id == identity.conversation_id
        if handoff.state == "waiting" and not (keep_task and same_talk):
            _withdraw_if_empty(session, handoff, actor, now)
        handoff.updated_at = now
        note_event(session, "handoff", handoff=handoff)
    return len(found)


def _withdraw_if_empty(session: Session, handoff: Handoff, actor: str, now: datetime) -> None:
    left = session.execute(
        select(func.count())
        .select_from(CareRequest)
        .where(CareRequest.handoff_id == handoff.id, CareRequest.state == "asked")
    ).scalar_one()
    if left:
        return
    handoff.state, handoff.resolved_at = "withdrawn", now
    handoff.transfer_staff_id = handoff.transfer_team_id = None
    audit(session, actor, "handoff_withdrawn", "handoff", handoff.id)
