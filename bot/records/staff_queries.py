"""Reading for the console, scoped to a member of staff: a read can't reach another team's row.

A coordinator or supervisor sees their teams' hand-offs and those they hold or are offered; an
administrator sees all. Missing and forbidden look alike.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement

from bot.errors import NotFound
from bot.records.chat_models import Handoff, Message
from bot.records.models import Patient
from bot.records.staff_models import (
    HandoffNote,
    InterpreterCall,
    Membership,
    MessageTranslation,
    Staff,
    Team,
)

OPEN = ("waiting", "claimed")
VIEWS = ("waiting", "mine", "team", "resolved")


def teams_of(session: Session, staff: Staff) -> list[Team]:
    """The teams whose hand-offs this person sees."""
    query = select(Team).order_by(Team.name)
    if staff.role != "administrator":
        query = query.join(Membership, Membership.team_id == Team.id).where(
            Membership.staff_id == staff.id
        )
    return list(session.execute(query).scalars())


def is_member(session: Session, staff: Staff, team_id: str) -> bool:
    """Whether somebody belongs to a team."""
    return session.get(Membership, (staff.id, team_id)) is not None


def may_see(staff: Staff) -> ColumnElement:
    """The rule, as a condition on hand-offs."""
    if staff.role == "administrator":
        return Handoff.id.isnot(None)
    own = select(Membership.team_id).where(Membership.staff_id == staff.id)
    return or_(
        Handoff.team_id.in_(own),
        and_(Handoff.state == "claimed", Handoff.claimed_by_id == staff.id),
        Handoff.transfer_staff_id == staff.id,
        Handoff.transfer_team_id.in_(own),
    )


def handoff_of(session: Session, staff: Staff, handoff_id: str) -> Handoff:
    """One hand-off.

    Raises:
        NotFound: none that this person may see.
    """
    query = select(Handoff).where(Handoff.id == handoff_id, may_see(staff))
    handoff = session.execute(query).scalar_one_or_none()
    if handoff is None:
        raise NotFound("There is no such hand-off in your teams. Go back to the queue.")
    return handoff


def queue(
    session: Session, staff: Staff, view: str, *, team_id: str | None = None, limit: int = 200
) -> list[Handoff]:
    """The hand-offs of a view: by priority, then the longest waiting; resolved: newest first.

    Args:
        view: one of VIEWS; "mine" has what is offered to me too, "team" what is open in my teams.
    """
    query = select(Handoff).where(_in_view(staff, view))
    if team_id:
        query = query.where(Handoff.team_id == team_id)
    if view == "resolved":
        query = query.order_by(Handoff.resolved_at.desc(), Handoff.id)
    else:
        query = query.order_by(Handoff.priority, Handoff.created_at, Handoff.id)
    return list(session.execute(query.limit(limit)).scalars())


def counts(session: Session, staff: Staff) -> dict[str, int]:
    """How many hand-offs each open view has."""
    return {
        view: session.execute(
            select(func.count()).select_from(Handoff).where(_in_view(staff, view))
        ).scalar_one()
        for view in ("waiting", "mine", "team")
    }


def _in_view(staff: Staff, view: str) -> ColumnElement:
    own = select(Membership.team_id).where(Membership.staff_id == staff.id)
    offered = and_(
        Handoff.state == "claimed",
        Handoff.claimed_by_id != staff.id,
        or_(Handoff.transfer_staff_id == staff.id, Handoff.transfer_team_id.in_(own)),
    )
    mine = and_(Handoff.state == "claimed", Handoff.claimed_by_id == staff.id)
    conditions: dict[str, ColumnElement] = {
        "waiting": and_(Handoff.state == "waiting", may_see(staff)),
        "mine": or_(mine, offered),
        "team": and_(Handoff.state.in_(OPEN), may_see(staff)),
        "resolved": and_(Handoff.state.in_(("resolved", "withdrawn")), may_see(staff)),
    }
    if view not in conditions:
        raise NotFound("There is no such queue. Choose waiting, mine, team or resolved.")
    return conditions[view]


def messages_of(
    session: Session, handoff: Handoff, after_seq: int = 0, *, changed: bool = False
) -> list[Message]:
    """The conversation's messages after a number, in order; `changed`: those up to it that were
    changed in place."""
    newer = Message.seq > after_seq
    old_but_changed = and_(Message.seq <= after_seq, Message.revision > 0)
    return list(
        session.execute(
            select(Message)
            .where(
                Message.conversation_id == handoff.conversation_id,
                old_but_changed if changed else newer,
            )
            .order_by(Message.seq)
        ).scalars()
    )


def translations_for(
    session: Session, message_ids: list[int], language: str
) -> dict[int, MessageTranslation]:
    """The translations of these messages into a language, by message."""
    rows = session.execute(
        select(MessageTranslation).where(
            MessageTranslation.message_id.in_(message_ids), MessageTranslation.language == language
        )
    ).scalars()
    return {row.message_id: row for row in rows}


def notes_of(session: Session, handoff: Handoff) -> list[HandoffNote]:
    """Colleagues' notes, oldest first."""
    query = select(HandoffNote).where(HandoffNote.handoff_id == handoff.id)
    return list(session.execute(query.order_by(HandoffNote.id)).scalars())


def interpreter_calls_of(session: Session, handoff: Handoff) -> list[InterpreterCall]:
    """The interpreter log, oldest first."""
    query = select(InterpreterCall).where(InterpreterCall.handoff_id == handoff.id)
    return list(session.execute(query.order_by(InterpreterCall.id)).scalars())


def earlier_handoffs(session: Session, staff: Staff, handoff: Handoff) -> list[Handoff]:
    """Other hand-offs of the same conversation or patient that this person may see, newest
    first."""
    same = []
    if handoff.conversation_id:
        same.append(Handoff.conversation_id == handoff.conversation_id)
    if handoff.patient_id:
        same.append(Handoff.patient_id == handoff.patient_id)
    query = select(Handoff).where(or_(*same), Handoff.id != handoff.id, may_see(staff))
    return list(session.execute(query.order_by(Handoff.created_at.desc()).limit(50)).scalars())


def patient_seen_by(session: Session, staff: Staff, patient_id: str) -> Patient:
    """One patient: of a hand-off that this person may see; an administrator sees all.

    Raises:
        NotFound: none that this person may see.
    """
    query = select(Patient).where(Patient.id == patient_id)
    if staff.role != "administrator":
        query = query.where(Patient.id.in_(select(Handoff.patient_id).where(may_see(staff))))
    patient = session.execute(query).scalar_one_or_none()
    if patient is None:
        raise NotFound("There is no such patient in your teams' hand-offs. Go back to the queue.")
    return patient


def unread_count(session: Session, handoff: Handoff) -> int:
    """The patient's messages that the holder has not seen."""
    return session.execute(
        select(func.count())
        .select_from(Message)
        .where(
            Message.conversation_id == handoff.conversation_id,
            Message.sender == "patient",
            Message.seq > handoff.read_seq,
        )
    ).scalar_one()


def unread_counts(session: Session, handoffs: list[Handoff]) -> dict[str, int]:
    """The same for a whole queue in one query, by hand-off."""
    rows = session.execute(
        select(Handoff.id, func.count(Message.id))
        .join(Message, Message.conversation_id == Handoff.conversation_id)
        .where(
            Handoff.id.in_([one.id for one in handoffs]),
            Message.sender == "patient",
            Message.seq > Handoff.read_seq,
        )
        .group_by(Handoff.id)
    ).all()
    return dict(rows)


def patients_of(
    session: Session,
    staff: Staff,
    *,
    nhs_number: str | None = None,
    born: date | None = None,
    family_names: tuple[str, ...] = (),
    limit: int = 20,
) -> list[Patient]:
    """Patients by NHS number, or by birth date and family name (case folded) together. A
    supervisor finds those who have a hand-off that they may see, a coordinator none.

    Raises:
        NotFound: a coordinator asks.
    """
    if staff.role == "coordinator":
        raise NotFound("Searching for patients is for supervisors. Ask yours.")
    if nhs_number:
        named = Patient.nhs_number == nhs_number
    elif born and family_names:
        family_name = func.lower(Patient.family_name)
        named = and_(Patient.birth_date == born, family_name.in_(family_names))
    else:
        return []
    query: Select = select(Patient).where(named)
    if staff.role == "supervisor":
        query = query.where(Patient.id.in_(select(Handoff.patient_id).where(may_see(staff))))
    return list(session.execute(query.order_by(Patient.family_name).limit(limit)).scalars())
