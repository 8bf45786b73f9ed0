"""How a hand-off ends, and when it opens again. Called by the console, the actions, the worker."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.pathway.handoff_rules import TOLD_WHEN_DONE
from bot.records.chat_models import LEFT_WITH, Handoff
from bot.records.models import Referral
from bot.records.staff_models import HandoffNote, Staff, Team
from bot.services import outbox
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.handoffs.opening import OPEN, open_chat_of, open_handoff, open_overdue_task
from bot.services.handoffs.telling import changed, set_slot, tell
from bot.services.handoffs.working import handoff_held_by
from bot.services.live import note_event
from bot.services.requests.settling import settle_requests


def resolve_handoff(
    session: Session,
    staff: Staff,
    handoff_id: str,
    now: datetime,
    *,
    done: str,
    left_with: str,
    left_due_on: date | None,
) -> Handoff:
    """Settle it: what was done, who owns what is left, and by when. The patient is told, and the
    bot answers again.

    Args:
        done: what was done, in English, for staff.
        left_with: one of LEFT_WITH; "nobody": nothing is left.
        left_due_on: needed unless nothing is left; then it opens again by itself when the record
            has not moved by that day.

    Raises:
        NotHolder, NotFound.
        WaymarkError: something needed is missing.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    if not done.strip():
        raise WaymarkError("Say what was done.")
    if left_with not in LEFT_WITH:
        raise WaymarkError("Choose who owns what is left.")
    if left_with != "nobody" and left_due_on is None:
        raise WaymarkError("Say by when the rest should be done.")
    if left_due_on is not None and left_due_on < now.date():
        raise WaymarkError("The date lies in the past. Choose today or a later day.")
    referral = session.get(Referral, handoff.referral_id) if handoff.referral_id else None
    handoff.state, handoff.resolved_at, handoff.resolved_by_id = "resolved", now, staff.id
    handoff.done, handoff.left_with = done.strip(), left_with
    handoff.left_due_on = left_due_on if left_with != "nobody" else None
    handoff.record_state = referral.state if referral else None
    handoff.transfer_staff_id = handoff.transfer_team_id = None
    audit(session, f"staff:{staff.id}", "handoff_resolved", "handoff", handoff.id, left=left_with)
    settle_requests(session, handoff, now)
    _tell_resolved(session, handoff, staff, now)
    changed(session, handoff, now)
    return handoff


def _tell_resolved(session: Session, handoff: Handoff, staff: Staff, now: datetime) -> None:
    values = {"name": staff.first_name}
    if handoff.left_due_on:
        values["due"] = handoff.left_due_on.isoformat()
    left = [f"utter_left_{handoff.left_with}"] if handoff.left_with != "nobody" else []
    if handoff.kind == "chat":
        set_slot(session, handoff.conversation_id, False, now)
        names = ["utter_handoff_resolved", *left, "utter_assistant_back"]
        tell(session, handoff.conversation_id, names, now, values)
    elif handoff.reason in TOLD_WHEN_DONE:
        tell(session, handoff.conversation_id, ["utter_task_done", *left], now, values)


def withdraw_handoff(session: Session, conversation_id: str, now: datetime) -> bool:
    """The patient needs no person any more; True when a waiting chat was taken back."""
    lock_conversation(session, conversation_id)
    handoff = open_chat_of(session, conversation_id)
    if handoff is not None:
        session.refresh(handoff, with_for_update=True)
    if handoff is None or handoff.state != "waiting":
        return False
    handoff.transfer_staff_id = handoff.transfer_team_id = None
    handoff.state, handoff.resolved_at = "withdrawn", now
    actor = f"patient:{conversation_id}"
    audit(session, actor, "handoff_withdrawn", "handoff", handoff.id)
    changed(session, handoff, now)
    return True


def leave_overdue_task(session: Session, handoff: Handoff, note: str, now: datetime) -> bool:
    """The referral of a task of the watch has moved on by itself. Nobody's work is taken away: a
    task that waits is withdrawn, one that somebody holds stays; either way a note says why.

    Returns:
        True: withdrawn.
    """
    session.refresh(handoff, with_for_update=True)
    if handoff.state not in OPEN:
        return False
    session.add(HandoffNote(handoff_id=handoff.id, text=note, created_at=now))
    waits: bool = handoff.state == "waiting"
    if waits:
        handoff.state, handoff.resolved_at, handoff.done = "withdrawn", now, note
        audit(session, "watch", "handoff_withdrawn", "handoff", handoff.id)
    note_event(session, "note", handoff=handoff)
    changed(session, handoff, now)
    return waits


def reopen_unmoved(session: Session, now: datetime) -> int:
    """Open again what was left to somebody whose day has passed while the record stood still.

    Without a referral nothing can be seen of it: then it opens again as well, for a look.

    Returns:
        how many were opened.
    """
    due = select(Handoff).where(
        Handoff.state == "resolved",
        Handoff.left_due_on < now.date(),
        Handoff.left_with != "patient",
    )
    count = 0
    for before in list(session.execute(due).scalars()):
        before.left_due_on = None  # judged once
        referral = session.get(Referral, before.referral_id) if before.referral_id else None
        if referral is not None and referral.state != before.record_state:
            continue
        handoff = _open_again(session, before, referral, now)
        if handoff.times_raised == 1:  # else one that is open already takes it up
            handoff.reopened_from_id, handoff.patient_id = before.id, before.patient_id
        tell(session, before.conversation_id, ["utter_handoff_reopened"], now)
        _mail_reopened(session, handoff, now)
        count += 1
    return count


def _open_again(
    session: Session, before: Handoff, referral: Referral | None, now: datetime
) -> Handoff:
    priority = max(1, before.priority - 1)
    if before.conversation_id is None and referral is not None:
        return open_overdue_task(session, referral, before.team_id, priority, now)
    return open_handoff(
        session,
        before.conversation_id,
        "task",
        before.reason if before.kind == "task" else "overdue_referral",
        now,
        referral_id=before.referral_id,
        priority=priority,
        team_id=before.team_id,
    )


def _mail_reopened(session: Session, handoff: Handoff, now: datetime) -> None:
    team = session.get(Team, handoff.team_id)
    if team.email:
        values = {"handoff": handoff.id, "priority": handoff.priority, "minutes": 0}
        mail = {"to": [team.email], "name": "reopened", "values": values}
        outbox.put(session, "mail", mail, now)
