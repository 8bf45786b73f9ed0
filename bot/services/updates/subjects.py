"""What due updates are about, as things stand now: each referral or lone appointment once.

Called by `telling`. What was overtaken is dropped here, with a reason; what rests on an old record
waits until the feed has been read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.pathway.facts import ReferralFacts
from bot.pathway.next_step import is_stale
from bot.records import queries
from bot.records.models import Appointment, Referral
from bot.records.update_models import Subscription, Update
from bot.records.watch_models import LimboFinding
from bot.services.explain_referral import (
    appointment_facts,
    facts_of,
    lone_facts_of,
    site_intervals,
)
from bot.services.updates.permission import is_in_scope
from bot.services.updates.standing import standing_of
from bot.services.updates.subscribing import drop

HELD = timedelta(seconds=60)
"""What has to wait is looked at again after this."""
WEIGHTIEST_FIRST = ("state", "appointment", "overdue", "reminder")


@dataclass(frozen=True)
class Subject:
    """What one or several updates are about.

    kind: the weightiest of theirs; it decides what is said. referral: None of a lone appointment.
    appointment: the one that is told of; None: the referral's own, whichever it is by now.
    late_since: of "overdue". moments: when the appointment is, and when it was to be.
    """

    kind: str
    updates: tuple[Update, ...]
    facts: ReferralFacts
    referral: Referral | None = None
    appointment: Appointment | None = None
    late_since: date | None = None
    moments: tuple[datetime | None, ...] = ()

    @property
    def priority(self) -> str | None:
        """The referral's priority; None without one."""
        return str(self.referral.priority) if self.referral is not None else None


def subjects_of(
    session: Session, subscription: Subscription, updates: Iterable[Update], now: datetime
) -> list[Subject]:
    """What can be told now, the most urgent first."""
    groups: dict[str, list[Update]] = {}
    for row in updates:
        if is_in_scope(session, subscription, row.kind):
            groups.setdefault(row.referral_id or row.appointment_id or row.key, []).append(row)
        else:
            drop(session, [row], now, "scope")
    found = []
    for rows in groups.values():
        try:
            subject = _subject(session, subscription, rows, now)
        except NotFound:  # the record has been taken to another patient
            drop(session, rows, now, "gone")
            continue
        if subject is not None:
            found.append(subject)
    return sorted(found, key=lambda one: queries.URGENT_FIRST.get(one.priority or "routine", 2))


def _subject(
    session: Session, subscription: Subscription, rows: list[Update], now: datetime
) -> Subject | None:
    referral = appointment = None
    if rows[0].referral_id:
        referral = queries.referral_of(session, subscription, rows[0].referral_id)
    kept = _moved_on(session, rows, referral, now)
    kept = [row for row in kept if not _overtaken(session, subscription, row, now)]
    if not kept:
        return None
    kind = min((row.kind for row in kept), key=WEIGHTIEST_FIRST.index)
    newest = [row for row in kept if row.kind == kind][-1]
    if newest.appointment_id and kind in ("appointment", "reminder"):
        appointment = queries.appointment_of(session, subscription, newest.appointment_id)
    facts = _facts(session, subscription, referral, appointment, now)
    if is_stale(facts, now, site_intervals()):
        wait(kept, now + HELD)
        return None
    finding = _finding(session, newest) if kind == "overdue" else None
    at = facts.appointment.starts_at if facts.appointment else None
    was_at = [_moment(row.detail.get("was_at")) for row in kept]
    return Subject(
        kind,
        tuple(kept),
        facts,
        referral,
        appointment,
        finding.late_since if finding else None,
        (at, *was_at),
    )


def wait(rows: Iterable[Update], until: datetime) -> None:
    """Look at these again later."""
    for row in rows:
        row.due_at = until


def _facts(
    session: Session,
    subscription: Subscription,
    referral: Referral | None,
    appointment: Appointment | None,
    now: datetime,
) -> ReferralFacts:
    if referral is None:
        assert appointment is not None, "an update is about a referral or an appointment"
        return lone_facts_of(session, subscription, appointment)
    facts = facts_of(session, subscription, referral, now)
    if appointment is None:
        return facts
    return replace(
        facts, appointment=appointment_facts(appointment), checked_at=appointment.checked_at
    )


def _moved_on(
    session: Session, rows: list[Update], referral: Referral | None, now: datetime
) -> list[Update]:
    """Without moves that end where they began: the patient was told of neither."""
    moves = [row for row in rows if row.kind == "state"]
    if moves and referral is not None and moves[0].detail.get("before") == referral.state:
        drop(session, moves, now, "moved back")
        return [row for row in rows if row.kind != "state"]
    return rows


def _overtaken(session: Session, subscription: Subscription, row: Update, now: datetime) -> bool:
    """Whether what was noted is no longer so; it is dropped then, or waits for its task."""
    reason = None
    if row.kind in ("appointment", "reminder"):
        appointment = queries.appointment_of(session, subscription, row.appointment_id)
        past = appointment.starts_at is not None and appointment.starts_at <= now
        if row.kind == "reminder":
            moved = appointment.starts_at != _moment(row.detail["starts_at"])
            reason = "past" if past else None
            if moved or appointment.status != "booked":
                reason = "overtaken"
        elif standing_of(appointment) == row.detail.get("was"):
            reason = "moved back"
        elif past and appointment.status == "booked":
            reason = "past"
    elif row.kind == "overdue":
        finding = _finding(session, row)
        if finding is None or finding.state_row_id != _newest_move(finding):
            reason = "overtaken"
        elif finding.handoff_id is None:  # no task yet: nothing can be said of staff
            wait([row], now + HELD)
            return True
    if reason:
        drop(session, [row], now, reason)
    return reason is not None


def _finding(session: Session, row: Update) -> LimboFinding | None:
    number = row.key.partition(":")[2]
    finding = session.get(LimboFinding, int(number)) if number.isdigit() else None
    return finding if finding is not None and finding.referral_id == row.referral_id else None


def _newest_move(finding: LimboFinding) -> int | None:
    return max((move.id for move in finding.referral.history), default=None)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
