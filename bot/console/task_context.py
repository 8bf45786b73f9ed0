"""What stands on the page of a task without a conversation: what is missing, whom to chase, the
referral judged now, and its patient as far as the record may be opened here.

Called by `bot.console.chat_values` inside its transaction; `task.html.j2` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.console import times
from bot.console.context import Work, handoff_rows, needs_rows, patient_rows, work_of
from bot.console.queue_rows import name_of
from bot.console.referral_context import NOT_RECORDED, ReferralContext, Row, referral_context
from bot.console.scope import Scope
from bot.console.words import MISSING, REASONS, WHOM
from bot.pathway.facts import Contact, ReferralFacts
from bot.pathway.limbo import limbo_of
from bot.pathway.limits import Holder
from bot.records.models import Patient
from bot.records.patient_search import handoffs_of_patient
from bot.records.staff_models import Staff
from bot.services.explain_referral import site_intervals
from bot.services.watch import TaskRecord, contact_to_chase, facts_of_task


@dataclass(frozen=True)
class TaskContext:
    """The page of a task.

    missing: one sentence; None: nobody wrote it down. rows: since when, and whom to chase.
    settled: as the record is now, nothing is late any more. name, referral: None: the record may
    not be opened here; reference: by which it is found elsewhere. chat: the patient's newest.
    """

    missing: str | None
    rows: tuple[Row, ...]
    settled: bool
    name: str | None
    reference: str
    patient: tuple[Row, ...]
    needs: tuple[Row, ...]
    handoff: tuple[Row, ...]
    referral: ReferralContext | None
    chat: tuple[str, str] | None
    work: Work


def task_context(scope: Scope, record: TaskRecord) -> TaskContext:
    """Everything on the page of a scope's task."""
    session, handoff, now = scope.session, scope.handoff, scope.now
    facts = facts_of_task(session, record, now)
    patient = record.patient
    return TaskContext(
        missing=MISSING[record.missing] if record.missing else None,
        rows=_rows(record, facts, now),
        settled=limbo_of(facts, times.here(now), site_intervals()) is None,
        name=name_of(None, record),
        reference=record.referral.id,
        patient=patient_rows(patient) if patient else (),
        needs=needs_rows(patient) if patient else (),
        handoff=handoff_rows(handoff, now),
        referral=referral_context(record.referral, facts, True, now) if patient else None,
        chat=_newest_chat(session, scope.staff, patient, now) if patient else None,
        work=work_of(session, scope.staff, handoff, now),
    )


def _rows(record: TaskRecord, facts: ReferralFacts, now: datetime) -> tuple[Row, ...]:
    if record.finding is None or record.whom is None:
        return ()
    since = record.finding.late_since
    days = timedelta(days=(times.here(now).date() - since).days + 1)
    rows = [
        ("Late since", f"{times.day(since)} ({times.span(days)})"),
        ("Chase", WHOM[record.whom]),
    ]
    if record.patient is not None:
        rows.append(("How to reach them", _reach(record.patient, facts, record.whom)))
    return tuple(rows)


def _reach(patient: Patient, facts: ReferralFacts, whom: Holder) -> str:
    if whom is Holder.PATIENT:
        surgery = _written(facts.gp_contact) if facts.gp_contact else NOT_RECORDED
        return f"{patient.phone or NOT_RECORDED}; GP practice: {surgery}"
    contact = contact_to_chase(facts, whom)
    return _written(contact) if contact else NOT_RECORDED


def _written(contact: Contact) -> str:
    parts = (contact.name, contact.phone, contact.email, contact.hours)
    return ", ".join(part for part in parts if part)


def _newest_chat(
    session: Session, staff: Staff, patient: Patient, now: datetime
) -> tuple[str, str] | None:
    """The newest hand-off of a conversation with the patient that this person may see."""
    for one in handoffs_of_patient(session, staff, patient):
        if one.conversation_id is not None:
            return one.id, f"{REASONS[one.reason]}, {times.exact(one.created_at, now)}"
    return None
