"""The rows of the queue: what a coordinator needs to choose the next hand-off, and no message.

Called by `bot.console.queue` inside its transaction; `queue.html.j2` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.console import times
from bot.console.words import (
    HANDOFF_STATES,
    KINDS,
    LEFT_WITH,
    MISSING,
    NOT_SHOWN,
    NOT_VERIFIED,
    PRIORITIES,
    REASONS,
    WHOM,
    WITHDRAWN_BY_WATCH,
    language_name,
)
from bot.records import staff_queries
from bot.records.chat_models import Conversation, Handoff
from bot.records.models import Patient, Referral
from bot.records.staff_models import Staff, Team
from bot.services.known_patient import KnownPatient, known_patients
from bot.services.watch import TaskRecord, records_of_tasks


@dataclass(frozen=True)
class QueueRow:
    """One hand-off in a queue.

    patient: their name; None: `unnamed` says why not. place: hospital and specialty, when known.
    language: None: a task without a conversation. limbo: what is missing and whom to chase.
    late_by: how long the reply target has passed; None: it hasn't, or an answer was given.
    holder: first name of who has it. offered: somebody offers it to the reader.
    """

    id: str
    kind: str
    reason: str
    priority: str
    level: int
    state: str
    language: str | None
    patient: str | None
    unnamed: str
    verified_until: datetime | None
    place: str | None
    limbo: str | None
    team: str
    since: datetime
    waited: timedelta
    due_at: datetime
    late_by: timedelta | None
    answered: bool
    unread: int
    times_raised: int
    escalated: bool
    holder: str | None
    mine: bool
    offered: bool
    free: bool
    resolved_at: datetime | None
    done: str | None
    left_with: str | None


def queue_rows(
    session: Session, staff: Staff, handoffs: list[Handoff], now: datetime
) -> list[QueueRow]:
    """The rows of these hand-offs, in their order, with a fixed number of queries."""
    loaded = _load(session, handoffs)  # held, so that the rows below find them without asking
    known = known_patients(session, handoffs, now)
    records = records_of_tasks(session, handoffs, now)
    unread = staff_queries.unread_counts(session, handoffs)
    own = {team.id for team in staff_queries.teams_of(session, staff)}
    rows = [
        _row(one, staff, known.get(one.id), records.get(one.id), unread.get(one.id, 0), own, now)
        for one in handoffs
    ]
    del loaded
    return rows


def _load(session: Session, handoffs: list[Handoff]) -> list[Any]:
    """What the rows refer to."""
    queries = (
        select(Conversation).where(
            Conversation.id.in_({h.conversation_id for h in handoffs} - {None})
        ),
        select(Staff).where(Staff.id.in_({h.claimed_by_id for h in handoffs} - {None})),
        select(Team).where(Team.id.in_({h.team_id for h in handoffs})),
        select(Referral)
        .where(Referral.id.in_({h.referral_id for h in handoffs} - {None}))
        .options(joinedload(Referral.provider)),
    )
    return [row for query in queries for row in session.execute(query).scalars()]


def _row(
    handoff: Handoff,
    staff: Staff,
    known: KnownPatient | None,
    record: TaskRecord | None,
    unread: int,
    own_teams: set[str],
    now: datetime,
) -> QueueRow:
    open_now = handoff.state in staff_queries.OPEN
    answered = is_answered(handoff)
    talk = handoff.conversation
    late = open_now and not answered and handoff.reply_due_at < now
    mine = handoff.state == "claimed" and handoff.claimed_by_id == staff.id
    return QueueRow(
        id=handoff.id,
        kind=KINDS[handoff.kind],
        reason=REASONS[handoff.reason],
        priority=PRIORITIES[handoff.priority],
        level=handoff.priority,
        state=state_words(handoff),
        language=language_name(talk.language) if talk else None,
        patient=name_of(known, record),
        unnamed=NOT_VERIFIED if talk else NOT_SHOWN,
        verified_until=known.until if known else None,
        place=_place(handoff.referral, known, record),
        limbo=limbo_in_short(record),
        team=handoff.team.name,
        since=handoff.created_at,
        waited=now - handoff.created_at,
        due_at=handoff.reply_due_at,
        late_by=now - handoff.reply_due_at if late else None,
        answered=answered,
        unread=unread,
        times_raised=handoff.times_raised,
        escalated=handoff.escalation > 0,
        holder=handoff.claimed_by.first_name if handoff.claimed_by else None,
        mine=mine,
        offered=is_offered(handoff, staff, own_teams),
        free=handoff.state == "waiting",
        resolved_at=handoff.resolved_at,
        done=handoff.done,
        left_with=LEFT_WITH.get(handoff.left_with or ""),
    )


def is_offered(handoff: Handoff, staff: Staff, own_teams: set[str]) -> bool:
    """Whether a transfer waits for this person's yes or no."""
    if handoff.state != "claimed" or handoff.claimed_by_id == staff.id:
        return False
    return handoff.transfer_staff_id == staff.id or handoff.transfer_team_id in own_teams


def is_answered(handoff: Handoff) -> bool:
    """Whether the patient had a reply; a task that nobody waits for counts once it is taken."""
    if handoff.conversation_id is None:
        return handoff.claimed_at is not None
    return handoff.first_reply_at is not None


def state_words(handoff: Handoff) -> str:
    """Its state; what no patient asked for is withdrawn by the watch."""
    if handoff.state == "withdrawn" and handoff.conversation_id is None:
        return WITHDRAWN_BY_WATCH
    return HANDOFF_STATES[handoff.state]


def limbo_in_short(record: TaskRecord | None) -> str | None:
    """What is missing, since when, and whom to chase, for a task of the watch."""
    if record is None or record.missing is None or record.whom is None:
        return None
    since = times.day(record.finding.late_since if record.finding else None)
    return f"{MISSING[record.missing]}. Late since {since}. Chase: {WHOM[record.whom]}."


def name_of(known: KnownPatient | None, record: TaskRecord | None = None) -> str | None:
    """The patient's name as staff read it; None: not verified, or not to be shown."""
    patient = known.patient if known else record.patient if record else None
    return patient_name(patient) if patient else None


def patient_name(patient: Patient) -> str:
    """Given and family name."""
    names = (patient.given_name, patient.family_name)
    return " ".join(name for name in names if name) or "Name not in the record"


def _place(
    referral: Referral | None, known: KnownPatient | None, record: TaskRecord | None
) -> str | None:
    """Hospital and specialty of the referral it is about; record data, so only when verified or,
    for a task of the watch, when the record may be shown."""
    patient = known.patient if known else record.patient if record else None
    if referral is None or patient is None or referral.patient_id != patient.id:
        return None
    provider = referral.provider.name if referral.provider else None
    return ", ".join(part for part in (provider, referral.specialty) if part) or None
