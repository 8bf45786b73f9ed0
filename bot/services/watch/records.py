"""What the console shows of a task without a conversation: the record that it is about.

There is no identity session behind such a task: nobody has asked, so nobody was verified. Staff see
the one referral that the task is about, and its patient, unless the record may not be opened
here (restricted, deceased, superseded, flagged, under 16): then neither, as in a chat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.pathway.facts import Contact, ReferralFacts
from bot.pathway.limbo import Missing
from bot.pathway.limits import Holder
from bot.records import watch_queries
from bot.records.chat_models import Handoff
from bot.records.models import Patient, Referral
from bot.records.watch_models import LimboFinding
from bot.services.explain_referral import facts_from
from bot.services.identity import may_be_told


@dataclass(frozen=True)
class TaskRecord:
    """Of what a task is. patient: None: the record may not be opened here."""

    referral: Referral
    patient: Patient | None
    finding: LimboFinding | None

    @property
    def missing(self) -> Missing | None:
        """What should have happened; None: nobody wrote it down."""
        return Missing(self.finding.missing) if self.finding else None

    @property
    def whom(self) -> Holder | None:
        """Whom staff chase."""
        return Holder(self.finding.whom) if self.finding else None


def records_of_tasks(
    session: Session, handoffs: Iterable[Handoff], now: datetime
) -> dict[str, TaskRecord]:
    """The records of those of these hand-offs that have no conversation but a referral, by
    hand-off, with two queries."""
    tasks = [task for task in handoffs if task.conversation_id is None and task.referral_id]
    if not tasks:
        return {}
    wanted = {task.referral_id for task in tasks}
    referrals = {
        referral.id: referral
        for referral in session.execute(
            select(Referral)
            .where(Referral.id.in_(wanted))
            .options(joinedload(Referral.patient), joinedload(Referral.provider))
        ).scalars()
    }
    findings: dict[str, list[LimboFinding]] = {}
    for finding in session.execute(
        select(LimboFinding)
        .where(LimboFinding.referral_id.in_(wanted))
        .order_by(LimboFinding.id.desc())
    ).scalars():
        findings.setdefault(finding.referral_id, []).append(finding)
    found = {}
    for task in tasks:
        referral = referrals[task.referral_id]
        finding = _finding_of(task, findings.get(referral.id, []))
        found[task.id] = TaskRecord(referral, _shown(referral.patient, now), finding)
    return found


def record_of_task(session: Session, task: Handoff, now: datetime) -> TaskRecord | None:
    """The record of one; None: the hand-off belongs to a conversation."""
    return records_of_tasks(session, [task], now).get(task.id)


def facts_of_task(session: Session, record: TaskRecord, now: datetime) -> ReferralFacts:
    """The rules' facts of the task's referral, as the record is now."""
    appointments = watch_queries.appointments_of(session, record.referral)
    return facts_from(session, record.referral, record.referral.patient, appointments, now)


def contact_to_chase(facts: ReferralFacts, whom: Holder) -> Contact | None:
    """How the one whom staff chase is reached; None: the patient, or nothing is recorded."""
    return {Holder.GP_PRACTICE: facts.gp_contact, Holder.HOSPITAL: facts.hospital_contact}.get(whom)


def _finding_of(task: Handoff, newest_first: list[LimboFinding]) -> LimboFinding | None:
    """The task's own; of one that was opened again the newest that was there before it."""
    for finding in newest_first:
        if finding.handoff_id == task.id:
            return finding
    before = (one for one in newest_first if one.found_at <= task.created_at)
    return next(before, None)


def _shown(patient: Patient, now: datetime) -> Patient | None:
    return patient if may_be_told(patient, patient.birth_date, now.date()) else None
