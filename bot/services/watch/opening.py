"""Carries a plan out: the finding of each referral, and the tasks that are opened today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.records.models import Referral, ReferralState
from bot.records.watch_models import LimboFinding
from bot.services.handoffs import open_overdue_task
from bot.services.identity import may_be_told
from bot.services.updates import note_update
from bot.services.watch.planning import Planned

SAME_DAY, URGENT, ROUTINE = 1, 2, 3
"""Priorities of the tasks."""


def carry_out(session: Session, planned: list[Planned], now: datetime) -> None:
    """Record each finding once; open, link or hold back.

    Args:
        planned: those that are news.
    """
    findings = [_finding(session, one, now) for one in planned]
    session.flush()
    for one, finding in zip(planned, findings):
        finding.closed_at = None
        if one.becomes == "new":
            _open(session, one, finding, now)
        elif one.seen.task_id is not None:
            finding.handoff_id = one.seen.task_id


def _finding(session: Session, one: Planned, now: datetime) -> LimboFinding:
    if one.seen.finding_id is not None:
        return session.get(LimboFinding, one.seen.finding_id)
    limbo, referral = one.found.limbo, one.found.referral
    finding = LimboFinding(
        referral_id=referral.id,
        state_row_id=one.seen.stay or _begin_stay(session, one, now),
        state=referral.facts.state.value,
        missing=limbo.missing.value,
        whom=limbo.whom.value,
        late_since=limbo.late_since,
        team_id=referral.team_id,
        found_at=now,
    )
    session.add(finding)
    return finding


def _begin_stay(session: Session, one: Planned, now: datetime) -> int:
    """A row of history for a referral that has none of its state: whoever wrote it left it out."""
    facts = one.found.referral.facts
    row = ReferralState(
        referral_id=one.found.referral.id,
        state=facts.state.value,
        reason=facts.reason,
        since=facts.since,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return int(row.id)


def _open(session: Session, one: Planned, finding: LimboFinding, now: datetime) -> None:
    limbo = one.found.limbo
    priority = SAME_DAY if limbo.same_day else URGENT if limbo.urgent else ROUTINE
    referral = session.get(Referral, one.found.referral.id)
    team_id = one.found.referral.team_id
    task = open_overdue_task(session, referral, team_id, priority, now)
    finding.handoff_id, finding.opened_at, finding.team_id = task.id, now, team_id
    patient = referral.patient
    if may_be_told(patient, patient.birth_date, now.date()):
        key = f"overdue:{finding.id}"
        note_update(session, patient.id, "overdue", key, now, referral_id=referral.id)
