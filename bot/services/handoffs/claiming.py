"""Who holds a hand-off: claim, release, transfer. Called by the console.

A claim is one conditional UPDATE: of two coordinators at once one gets it and the other is told.
A transfer stays with the sender until it is accepted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from bot.errors import AlreadyClaimed, NotFound, WaymarkError
from bot.records.chat_models import Handoff
from bot.records.staff_models import Staff, Team
from bot.records.staff_queries import handoff_of, is_member
from bot.services.audit import audit
from bot.services.conversations import lock_conversation, set_awaiting
from bot.services.handoffs.telling import back_to_queue, changed, set_slot, tell
from bot.services.handoffs.working import handoff_held_by


def claim_handoff(session: Session, staff: Staff, handoff_id: str, now: datetime) -> Handoff:
    """Take a waiting hand-off. A supervisor may also take over one that somebody else holds.

    Raises:
        NotFound: none that this person may see.
        AlreadyClaimed: another has it, or it is closed.
    """
    handoff = handoff_of(session, staff, handoff_id)
    if handoff.claimed_by_id == staff.id and handoff.state == "claimed":
        return handoff
    lock_conversation(session, handoff.conversation_id)
    takes_over = handoff.state == "claimed" and staff.role != "coordinator"
    free = Handoff.state == "waiting"
    if takes_over:  # from the one who was seen to hold it, not from somebody newer
        holder = Handoff.claimed_by_id == handoff.claimed_by_id
        free = or_(free, and_(Handoff.state == "claimed", holder))
    won = session.execute(
        update(Handoff)
        .where(Handoff.id == handoff.id, free)
        .values(state="claimed", claimed_by_id=staff.id, claimed_at=now, last_staff_at=now)
        .execution_options(synchronize_session=False)
    ).rowcount
    session.refresh(handoff)
    if not won:
        by = handoff.claimed_by.first_name if handoff.state == "claimed" else None
        said = f"{by} has taken it already." if by else "It is closed already."
        raise AlreadyClaimed(f"{said} Go back to the queue and take the next one.", by)
    _joined(session, handoff, staff, now, "handoff_claimed")
    return handoff


def release_handoff(session: Session, staff: Staff, handoff_id: str, now: datetime) -> Handoff:
    """Put it back into the queue; the patient is told.

    Raises:
        NotHolder: somebody else has it, or it is closed.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    back_to_queue(handoff, now)
    audit(session, f"staff:{staff.id}", "handoff_released", "handoff", handoff.id)
    if handoff.kind == "chat":
        set_slot(session, handoff.conversation_id, False, now)
        tell(
            session,
            handoff.conversation_id,
            ["utter_coordinator_left"],
            now,
            {"name": staff.first_name},
        )
    changed(session, handoff, now)
    return handoff


def offer_transfer(
    session: Session,
    staff: Staff,
    handoff_id: str,
    now: datetime,
    *,
    to_staff_id: str | None = None,
    to_team_id: str | None = None,
    note: str,
) -> Handoff:
    """Offer it to a colleague or a team, with a note that says why.

    Raises:
        NotHolder: somebody else has it.
        WaymarkError: nobody named, no note, or nobody such.
    """
    handoff = handoff_held_by(session, staff, handoff_id)
    if bool(to_staff_id) == bool(to_team_id):
        raise WaymarkError("Choose one person or one team to transfer to.")
    if not note.strip():
        raise WaymarkError("Write a note that tells your colleague what is needed.")
    colleague = session.get(Staff, to_staff_id) if to_staff_id else None
    if to_staff_id and (colleague is None or not colleague.active or colleague.id == staff.id):
        raise WaymarkError("That colleague can't take it. Choose another.")
    if to_team_id and session.get(Team, to_team_id) is None:
        raise WaymarkError("There is no such team. Choose another.")
    handoff.transfer_staff_id, handoff.transfer_team_id = to_staff_id, to_team_id
    handoff.transfer_note, handoff.transfer_at = note.strip(), now
    to = {"to_staff": to_staff_id, "to_team": to_team_id}
    audit(session, f"staff:{staff.id}", "handoff_offered", "handoff", handoff.id, **to)
    changed(session, handoff, now)
    return handoff


def accept_transfer(session: Session, staff: Staff, handoff_id: str, now: datetime) -> Handoff:
    """Take what was offered; of two team members at once one gets it.

    Raises:
        NotFound: nothing was offered to this person.
        AlreadyClaimed: another was quicker, or the sender has taken the offer back.
    """
    handoff = _offered_to(session, staff, handoff_id)
    lock_conversation(session, handoff.conversation_id)
    sender = handoff.claimed_by_id
    values: dict[str, Any] = {"claimed_by_id": staff.id, "claimed_at": now, "last_staff_at": now}
    values |= dict.fromkeys(TRANSFER)
    if handoff.transfer_team_id:
        values["team_id"] = handoff.transfer_team_id
    elif not is_member(session, staff, handoff.team_id):
        values["team_id"] = staff.memberships[0].team_id if staff.memberships else handoff.team_id
    won = session.execute(
        update(Handoff)
        .where(
            Handoff.id == handoff.id,
            Handoff.claimed_by_id == sender,
            Handoff.transfer_at == handoff.transfer_at,
            Handoff.state == "claimed",
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    ).rowcount
    session.refresh(handoff)
    if not won:
        raise AlreadyClaimed("The offer is gone: another took it, or it was taken back.")
    _joined(session, handoff, staff, now, "handoff_accepted")
    return handoff


def decline_transfer(session: Session, staff: Staff, handoff_id: str, now: datetime) -> Handoff:
    """Say no: it stays with the sender, who sees it. A team's offer is declined by any of it."""
    handoff = _offered_to(session, staff, handoff_id)
    return _take_back(session, staff, handoff, now, "handoff_declined")


def cancel_transfer(session: Session, staff: Staff, handoff_id: str, now: datetime) -> Handoff:
    """The sender takes the offer back."""
    handoff = handoff_held_by(session, staff, handoff_id)
    return _take_back(session, staff, handoff, now, "handoff_offer_cancelled")


TRANSFER = ("transfer_staff_id", "transfer_team_id", "transfer_note", "transfer_at")


def _end_transfer(handoff: Handoff) -> None:
    for name in TRANSFER:
        setattr(handoff, name, None)


def _take_back(
    session: Session, staff: Staff, handoff: Handoff, now: datetime, action: str
) -> Handoff:
    _end_transfer(handoff)
    audit(session, f"staff:{staff.id}", action, "handoff", handoff.id)
    changed(session, handoff, now)
    return handoff


def _offered_to(session: Session, staff: Staff, handoff_id: str) -> Handoff:
    handoff = handoff_of(session, staff, handoff_id)
    offered = handoff.transfer_staff_id == staff.id or (
        handoff.transfer_team_id is not None
        and handoff.claimed_by_id != staff.id
        and is_member(session, staff, handoff.transfer_team_id)
    )
    if not offered or handoff.state != "claimed":
        raise NotFound("No transfer is offered to you here. Go back to the queue.")
    return handoff


def _joined(session: Session, handoff: Handoff, staff: Staff, now: datetime, action: str) -> None:
    """A person is there now: the patient is told, and Rasa falls silent in a chat."""
    _end_transfer(handoff)
    audit(session, f"staff:{staff.id}", action, "handoff", handoff.id)
    if handoff.kind == "chat":
        set_awaiting(session, handoff.conversation_id, None)  # a form that was open is left
        set_slot(session, handoff.conversation_id, True, now)
        who = {"name": staff.first_name, "title": f"@term_role_{staff.role}"}
        tell(session, handoff.conversation_id, ["utter_coordinator_joined"], now, who)
    changed(session, handoff, now)
