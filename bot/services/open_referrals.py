"""Referrals that can be late, many at once, as the rules want them: for the watch and the figures.

Read in portions, so that neither 50,000 rows nor their appointments lie in memory, and with the
few columns that decide. `explain_referral.facts_of` builds the same facts for one referral (a
test compares them).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.pathway.facts import AppointmentFacts, ReferralFacts
from bot.pathway.limbo import may_be_late
from bot.pathway.limits import DATED
from bot.pathway.states import State
from bot.records.models import PRIORITIES, Appointment, Referral
from bot.services.explain_referral import appointment_that_matters
from bot.services.teams import TeamOf

WITH_APPOINTMENT = DATED | {State.CHANGE_PENDING}
"""In these the appointment's date decides."""
PORTION = 500
"""Referrals read at once: SQLite takes only so many parameters in one statement."""


@dataclass(frozen=True)
class OpenReferral:
    """One referral, with the team that its next hand-off would come to."""

    id: str
    patient_id: str
    provider_id: str | None
    team_id: str
    facts: ReferralFacts


def portion_after(
    session: Session, last_id: str, team_of: TeamOf, now: datetime
) -> list[OpenReferral]:
    """The next PORTION referrals that may be late, by id; empty at the end.

    Args:
        last_id: the id of the last one that was read; "" to begin with.
    """
    rows = session.execute(
        _columns().where(Referral.id > last_id).order_by(Referral.id).limit(PORTION)
    ).all()
    appointments = _appointments(session, rows)
    return [
        OpenReferral(
            row.id,
            row.patient_id,
            row.provider_id,
            team_of(State(row.state), row.referrer_id, row.provider_id),
            _facts(row, appointments, now),
        )
        for row in rows
    ]


def open_referrals(session: Session, team_of: TeamOf, now: datetime) -> Iterator[OpenReferral]:
    """All of them, within one transaction."""
    last_id = ""
    while portion := portion_after(session, last_id, team_of, now):
        yield from portion
        last_id = portion[-1].id


def _columns() -> Any:
    """The columns that the rules need, without loading whole rows."""
    late = [
        and_(
            Referral.priority == priority,
            Referral.state.in_([s.value for s in State if may_be_late(s, priority)]),
        )
        for priority in PRIORITIES
    ]
    return select(
        Referral.id,
        Referral.patient_id,
        Referral.provider_id,
        Referral.referrer_id,
        Referral.state,
        Referral.state_reason,
        Referral.state_since,
        Referral.referred_on,
        Referral.clock_start,
        Referral.review_due,
        Referral.priority,
        Referral.checked_at,
    ).where(or_(*late))


def _facts(row: Any, appointments: dict[str, list[Appointment]], now: datetime) -> ReferralFacts:
    own = [
        appointment
        for appointment in appointments.get(row.patient_id, [])
        if appointment.referral_id == row.id
        or (appointment.referral_id is None and appointment.provider_id == row.provider_id)
    ]
    appointment = appointment_that_matters(own, now)
    return ReferralFacts(
        state=State(row.state),
        checked_at=row.checked_at,
        since=row.state_since,
        referred_on=row.referred_on,
        clock_start=row.clock_start,
        priority=row.priority,
        reason=row.state_reason,
        review_due=row.review_due,
        appointment=AppointmentFacts(appointment.starts_at) if appointment else None,
    )


def _appointments(session: Session, portion: list[Any]) -> dict[str, list[Appointment]]:
    """By patient and date, for the referrals that an appointment decides about."""
    patients = {row.patient_id for row in portion if State(row.state) in WITH_APPOINTMENT}
    found: dict[str, list[Appointment]] = defaultdict(list)
    if not patients:
        return found
    query = select(Appointment).where(Appointment.patient_id.in_(patients))
    for appointment in session.execute(
        query.order_by(Appointment.starts_at.is_(None), Appointment.starts_at)
    ).scalars():
        found[appointment.patient_id].append(appointment)
    return found
