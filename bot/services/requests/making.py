"""Makes a request of a patient, with the task for staff, and finds the appointment it is about.

Called by `actions.appointments` and `actions.support`. The task stands from the first moment,
also while nobody knows yet who asks or which appointment is meant.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.pathway.requests import (
    ABOUT_ONE,
    CONFIRM_PRIORITY,
    REASONS,
    snapshot,
    together,
    with_words,
)
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment
from bot.records.request_models import CareRequest
from bot.services.audit import audit
from bot.services.conversations import lock_conversation
from bot.services.handoffs.opening import OPEN, open_handoff
from bot.services.live import note_event
from bot.services.requests.settling import take_back
from bot.services.translations import want_translations

WANTED = "wanted"
"""In `asked_of` until the patient is verified: the appointment that a quick reply named."""


def make_request(
    session: Session,
    conversation_id: str,
    kind: str,
    now: datetime,
    *,
    identity: IdentitySession | None,
    wanted: str | None = None,
    words: str = "",
    referral_id: str | None = None,
) -> CareRequest:
    """Write a request down and open or raise its task; one that is open already is found again.

    Args:
        kind: one of REQUEST_KINDS.
        identity: None: nobody is verified; then it is only known which conversation asks.
        wanted: id of the appointment that a quick reply named.
        words: what was typed, identifiers sealed; "" for a quick reply.
        referral_id: of the verified patient, when one is talked of.
    """
    lock_conversation(session, conversation_id)
    priority = CONFIRM_PRIORITY if kind == "confirm" else None
    handoff = open_handoff(
        session,
        conversation_id,
        "task",
        REASONS[kind],
        now,
        referral_id=referral_id,
        priority=priority,
    )
    row = newest_open(session, conversation_id, kind, identity)
    if row is None or (kind in ABOUT_ONE and row.appointment_id not in (None, wanted)):
        row = CareRequest(
            kind=kind,
            conversation_id=conversation_id,
            wishes={},
            asked_of={},
            created_at=now,
            referral_id=referral_id,
        )
        session.add(row)
    if identity is not None:
        _belongs_to(row, identity)
    row.handoff_id, row.updated_at = handoff.id, now
    if wanted and row.appointment_id is None:
        row.asked_of = {WANTED: wanted}
    row.wishes = with_words(row.wishes, words)
    session.flush()
    actor = f"patient:{conversation_id}"
    audit(session, actor, "request_made", "request", row.id, kind=kind, handoff=handoff.id)
    want_translations(session, handoff)
    return row


def _belongs_to(row: CareRequest, identity: IdentitySession) -> None:
    row.patient_id, row.carer_access_id = identity.patient_id, identity.carer_access_id


def newest_open(
    session: Session, conversation_id: str, kind: str, identity: IdentitySession | None
) -> CareRequest | None:
    """The conversation's newest open request of a kind that isn't another patient's."""
    query = select(CareRequest).where(
        CareRequest.conversation_id == conversation_id,
        CareRequest.kind == kind,
        CareRequest.state == "asked",
    )
    if identity is not None:
        nobodys_or_own = CareRequest.patient_id.is_(None) | (
            (CareRequest.patient_id == identity.patient_id)
            & (CareRequest.carer_access_id == identity.carer_access_id)
        )
        query = query.where(nobodys_or_own)
    newest_first = query.order_by(CareRequest.updated_at.desc(), CareRequest.id)
    return session.execute(newest_first.limit(1)).scalars().first()


def place_request(
    session: Session, row: CareRequest, identity: IdentitySession, now: datetime
) -> tuple[CareRequest, list[Appointment]]:
    """Find the appointment that a request is about: the one that was named, else the only one
    that is coming.

    Returns:
        the request (an open one about the same appointment takes this one in), and the coming
        appointments to choose from when it has no appointment; [] with none: there are none.
    """
    coming = queries.coming_appointments_of(session, identity, now)
    appointment = _wanted(session, row, identity)
    if appointment is None and row.appointment_id is None and len(coming) == 1:
        appointment = coming[0]
    if appointment is None:
        placed = row.appointment_id is not None
        return row, [] if placed else coming
    _belongs_to(row, identity)
    row = _taken_in(session, row, appointment)
    row.appointment_id = appointment.id
    row.referral_id = appointment.referral_id or row.referral_id
    row.asked_of = snapshot(appointment.status, appointment.starts_at)
    row.updated_at = now
    if row.handoff.state in OPEN and row.referral_id:
        row.handoff.referral_id = row.referral_id
    others = [kind for kind in ABOUT_ONE if kind != row.kind]
    take_back(session, identity, appointment.id, others, now, keep_task=True)
    note_event(session, "handoff", handoff=row.handoff)
    session.flush()
    return row, []


def _wanted(session: Session, row: CareRequest, identity: IdentitySession) -> Appointment | None:
    named = row.asked_of.get(WANTED)
    try:
        return queries.appointment_of(session, identity, named) if named else None
    except NotFound:
        return None  # a button of another patient's message, or no longer in the record


def _taken_in(session: Session, row: CareRequest, appointment: Appointment) -> CareRequest:
    """An open request of the same kind about the same appointment takes this one's wishes."""
    known = session.execute(
        select(CareRequest).where(
            CareRequest.patient_id == appointment.patient_id,
            CareRequest.carer_access_id == row.carer_access_id,
            CareRequest.appointment_id == appointment.id,
            CareRequest.kind == row.kind,
            CareRequest.conversation_id == row.conversation_id,
            CareRequest.state == "asked",
            CareRequest.id != row.id,
        )
    ).scalar_one_or_none()
    if known is None:
        return row
    known.wishes, known.handoff_id = together(known.wishes, row.wishes), row.handoff_id
    session.delete(row)
    return known


def bind_requests(session: Session, identity: IdentitySession, now: datetime) -> None:
    """Somebody has just shown who they are: what this conversation asked before, unverified, since
    anybody else was signed out of it, is theirs."""
    signed_out = select(IdentitySession.ended_at).where(
        IdentitySession.conversation_id == identity.conversation_id,
        IdentitySession.ended_at.isnot(None),
        IdentitySession.patient_id != identity.patient_id,
    )
    ends = list(session.execute(signed_out).scalars())
    rows = session.execute(
        select(CareRequest).where(
            CareRequest.conversation_id == identity.conversation_id,
            CareRequest.patient_id.is_(None),
            CareRequest.state == "asked",
        )
    ).scalars()
    for row in rows:
        if all(row.created_at >= end for end in ends):
            _belongs_to(row, identity)
            row.updated_at = now
    session.flush()
