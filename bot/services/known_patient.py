"""Of whom a hand-off is, as far as verified: decides what staff see beside it and in its rows.

Called by the console. It is the patient of the conversation's running identity session; when
that is over, the one who was verified when the hand-off was opened, or while it was open. Records
that may not be told (restricted, flagged … since) are never shown, as on the patient's page. Of a
task without a conversation nobody was verified: see `bot.services.watch.records`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.pathway.carer_rules import basis_holds
from bot.records.carer_models import CarerAccess
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Patient
from bot.records.staff_queries import OPEN
from bot.services.who_may_be_told import may_be_told, record_is_open
from bot.settings import get_settings


@dataclass(frozen=True)
class KnownPatient:
    """Who it is, and by which identity session we know.

    until: when that session ended; None while it runs.
    other_before: somebody else was verified when the hand-off was opened.
    """

    patient: Patient
    identity: IdentitySession
    until: datetime | None
    other_before: bool = False


def known_patient(session: Session, handoff: Handoff, now: datetime) -> KnownPatient | None:
    """The patient of one hand-off; None: not verified, general information only."""
    return known_patients(session, [handoff], now).get(handoff.id)


def known_patients(
    session: Session, handoffs: Iterable[Handoff], now: datetime
) -> dict[str, KnownPatient]:
    """The patients of many hand-offs, by the hand-off's id, in one query."""
    rows = list(handoffs)
    sessions: dict[str, list[IdentitySession]] = {}
    for row in session.execute(
        select(IdentitySession)
        .where(
            IdentitySession.conversation_id.in_({h.conversation_id for h in rows} - {None}),
            IdentitySession.patient_id.isnot(None),  # a carer who has not chosen yet
        )
        .options(
            joinedload(IdentitySession.patient),
            joinedload(IdentitySession.carer),
            joinedload(IdentitySession.carer_access),
        )
        .order_by(IdentitySession.started_at.desc())
    ).scalars():
        sessions.setdefault(row.conversation_id, []).append(row)
    found = {h.id: _known(h, sessions.get(h.conversation_id, []), now) for h in rows}
    return {handoff_id: known for handoff_id, known in found.items() if known is not None}


def _known(
    handoff: Handoff, newest_first: list[IdentitySession], now: datetime
) -> KnownPatient | None:
    chosen = _session_of(handoff, newest_first, now)
    if chosen is None:
        return None
    patient = chosen.patient
    if not _may_be_shown(patient, chosen.carer_access, now.date()):
        return None
    other = handoff.patient_id is not None and handoff.patient_id != patient.id
    return KnownPatient(patient, chosen, _end(chosen, now), other)


def _may_be_shown(patient: Patient, access: CarerAccess | None, today: date) -> bool:
    """As for the patient themself; a child's record when a carer was verified for it."""
    if access is not None:
        return record_is_open(patient) and basis_holds(access.basis, patient.birth_date, today)
    return patient.birth_date is not None and may_be_told(patient, patient.birth_date, today)


def _session_of(
    handoff: Handoff, newest_first: list[IdentitySession], now: datetime
) -> IdentitySession | None:
    """Of an open hand-off the running session; else its own patient's last one, or the last one
    that began while it was open. A closed one isn't touched by who comes to the chat later."""
    if handoff.state in OPEN:
        for row in newest_first:
            if _end(row, now) is None:
                return row
    for row in newest_first:
        if row.patient_id == handoff.patient_id:
            return row
    closed_at = handoff.resolved_at or now
    for row in newest_first:
        if handoff.patient_id is None and handoff.created_at <= row.started_at <= closed_at:
            return row
    return None


def _end(row: IdentitySession, now: datetime) -> datetime | None:
    """When a session was over: ended, or without a message for too long; None: it runs."""
    if row.ended_at is not None:
        return row.ended_at
    idle = row.last_seen_at + timedelta(minutes=get_settings().identity_minutes)
    return idle if idle <= now else None
