"""Referrals in limbo: something should have happened by now, and the record shows nothing.

Judged by the same rules as a patient's own question (`bot.pathway.next_step`), as things stand
now. A record that is older than the feed's age limit is not judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.pathway.facts import AppointmentFacts, ReferralFacts
from bot.pathway.handoff_rules import WITH_GP
from bot.pathway.limits import DATED
from bot.pathway.next_step import CALL_TODAY, NEVER_OVERDUE, next_step
from bot.pathway.states import State
from bot.records.models import Appointment, Organisation, Referral
from bot.records.queries import PROVIDER_CODE_LENGTH
from bot.records.staff_models import Team
from bot.services.explain_referral import appointment_that_matters, site_intervals
from bot.services.figures.asked import Asked
from bot.services.figures.table import Column, Figure, Value
from bot.services.teams import default_team
from bot.settings import get_settings

JUDGED = tuple(state for state in State if state not in NEVER_OVERDUE | CALL_TODAY)
"""In the other states the rules never say that somebody is late."""
WITH_APPOINTMENT = DATED | {State.CHANGE_PENDING}
"""In these the appointment's date decides."""
PORTION = 500
"""Referrals read at once: SQLite takes only so many parameters in one statement."""


def limbo(session: Session, asked: Asked) -> Figure:
    """Referrals by hospital: judged, in limbo, and not judged; the most in limbo first.

    For teams only those whose next hand-off would come to them (`teams.team_for`).
    """
    counted: dict[str | None, Counter[str]] = defaultdict(Counter)
    for provider_id, judgement in _judged(session, asked):
        counted[provider_id][judgement] += 1
    organisations = session.execute(select(Organisation.id, Organisation.name)).all()
    names = dict(organisations)
    rows = [(names.get(provider_id), *_measure(found)) for provider_id, found in counted.items()]
    columns = (
        Column("provider", "organisation"),
        Column("judged", "count"),
        Column("in_limbo", "count"),
        Column("share_in_limbo", "share"),
        Column("not_judged", "count"),
    )
    rows.sort(key=lambda row: (-row[2], row[0] or ""))
    return Figure("limbo", columns, tuple(rows), True)


def _measure(found: Counter[str]) -> tuple[Any, ...]:
    judged = found["in_limbo"] + found["on_time"]
    share: Value = found["in_limbo"] / judged if judged else None
    return judged, found["in_limbo"], share, found["not_judged"]


def _judged(session: Session, asked: Asked) -> Iterator[tuple[str | None, str]]:
    """The hospital of each referral, with "in_limbo", "on_time" or "not_judged"."""
    now, intervals = asked.now.astimezone(ZoneInfo(get_settings().time_zone)), site_intervals()
    is_asked = _asked_for(session, asked)
    referrals = [row for row in session.execute(_referrals()).all() if is_asked(row)]
    for start in range(0, len(referrals), PORTION):
        portion = referrals[start : start + PORTION]
        appointments = _appointments(session, portion)
        for row in portion:
            step = next_step(_facts(row, appointments, asked), now, intervals)
            judged = "in_limbo" if step.overdue else "on_time"
            yield row.provider_id, "not_judged" if step.stale else judged


def _referrals() -> Any:
    """The columns that the rules need, without loading whole rows."""
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
    ).where(Referral.state.in_([state.value for state in JUDGED]))


def _facts(row: Any, appointments: dict[str, list[Appointment]], asked: Asked) -> ReferralFacts:
    own = [
        appointment
        for appointment in appointments.get(row.patient_id, [])
        if appointment.referral_id == row.id
        or (appointment.referral_id is None and appointment.provider_id == row.provider_id)
    ]
    appointment = appointment_that_matters(own, asked.now)
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
    query = select(Appointment).where(Appointment.patient_id.in_(patients))
    found: dict[str, list[Appointment]] = defaultdict(list)
    for appointment in session.execute(
        query.order_by(Appointment.starts_at.is_(None), Appointment.starts_at)
    ).scalars():
        found[appointment.patient_id].append(appointment)
    return found


def _asked_for(session: Session, asked: Asked) -> Callable[[Any], bool]:
    """Whether a referral belongs to the teams: `teams.team_for`, for many at once."""
    wanted = asked.team_ids
    if wanted is None:
        return lambda _row: True
    default = default_team(session).id
    team_of = _teams_by_organisation(session)

    def is_asked(row: Any) -> bool:
        with_gp = State(row.state) in WITH_GP
        organisation_id = row.referrer_id if with_gp else row.provider_id
        return team_of.get(organisation_id, default) in wanted

    return is_asked


def _teams_by_organisation(session: Session) -> dict[str, str]:
    """An organisation's own team, else that of the trust whose code its code begins with."""
    own: dict[str, str] = {}
    by_code: dict[str, str] = {}
    teams = select(Team.id, Team.organisation_id, Organisation.ods_code).join(
        Organisation, Organisation.id == Team.organisation_id
    )
    for team_id, organisation_id, code in session.execute(teams.order_by(Team.name)):
        own.setdefault(organisation_id, team_id)
        by_code.setdefault(code, team_id)
    sites = select(Organisation.id, Organisation.ods_code).where(
        func.length(Organisation.ods_code) > PROVIDER_CODE_LENGTH
    )
    for organisation_id, code in session.execute(sites):
        trust = by_code.get(code[:PROVIDER_CODE_LENGTH])
        if trust is not None:
            own.setdefault(organisation_id, trust)
    return own
