"""Live events: what changed, for open consoles, in the order in which it was committed.

Services note an event inside their transaction; `bot.records.session.transaction` writes the
noted ones at its very end, when it takes the counter's lock. So an id is never seen before a
smaller one: "everything after the last id I saw" misses nothing. Read by `bot.console.events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from bot.records.chat_models import Handoff
from bot.records.live import note
from bot.records.staff_models import ConsoleEvent, EventCounter, Membership, Staff


def note_event(
    session: Session,
    kind: str,
    *,
    handoff: Handoff | None = None,
    conversation_id: str | None = None,
    staff_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Note that something changed.

    Args:
        kind: "handoff", "message", "typing", "translation", "note", "issue", "session_ended".
        conversation_id: of a message; each open hand-off of it gets the event.
        staff_id: the one person it is for, beside the hand-off's own.
        data: numbers, opaque ids and moments only.
    """
    if handoff is None and conversation_id is not None:
        for open_one in session.execute(
            select(Handoff).where(
                Handoff.conversation_id == conversation_id,
                Handoff.state.in_(("waiting", "claimed")),
            )
        ).scalars():
            note_event(session, kind, handoff=open_one, data=data)
        return
    note(
        session,
        ConsoleEvent(
            kind=kind,
            handoff_id=handoff.id if handoff else None,
            conversation_id=handoff.conversation_id if handoff else None,
            team_id=handoff.team_id if handoff else None,
            staff_id=staff_id,
            data=data or {},
        ),
    )


def note_issue_event(session: Session, team_id: str, issue_id: str) -> None:
    """An interface issue of a team is new or changed."""
    note(session, ConsoleEvent(kind="issue", team_id=team_id, data={"issue": issue_id}))


def last_event_id(session: Session) -> int:
    """The newest event's id; 0 before the first."""
    return session.execute(select(EventCounter.last)).scalar_one()


def events_after(
    session: Session, staff: Staff, last_id: int, limit: int = 500
) -> list[ConsoleEvent]:
    """Events after an id that this person may know of, oldest first: those of their teams, of
    hand-offs that they hold or are offered, and their own. Administrators know of all."""
    query = select(ConsoleEvent).where(
        ConsoleEvent.id > last_id, Staff.id == staff.id, may_know_of()
    )
    return list(session.execute(query.order_by(ConsoleEvent.id).limit(limit)).scalars())


def may_know_of() -> ColumnElement:
    """The rule, between a row of Staff and a row of ConsoleEvent."""
    member = exists().where(
        Membership.staff_id == Staff.id, Membership.team_id == ConsoleEvent.team_id
    )
    holds = and_(Handoff.state == "claimed", Handoff.claimed_by_id == Staff.id)
    theirs = exists().where(
        Handoff.id == ConsoleEvent.handoff_id, or_(holds, Handoff.transfer_staff_id == Staff.id)
    )
    administrator = Staff.role == "administrator"
    return or_(administrator, ConsoleEvent.staff_id == Staff.id, member, theirs)


def forget_events(session: Session, before: datetime) -> int:
    """Delete old events; returns how many. A console away for longer loads afresh."""
    return session.execute(delete(ConsoleEvent).where(ConsoleEvent.at < before)).rowcount
