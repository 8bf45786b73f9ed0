"""Which team a hand-off goes to: the organisation's that has to move, else the default team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.errors import SetupError
from bot.pathway.handoff_rules import WITH_GP
from bot.pathway.states import State
from bot.records.models import Organisation, Referral
from bot.records.queries import PROVIDER_CODE_LENGTH
from bot.records.staff_models import Membership, Staff, StaffSession, Team
from bot.settings import get_settings

TeamOf = Callable[[State, "str | None", "str | None"], str]
"""The team's id by the referral's state, and its referrer's and provider's ids."""


def default_team(session: Session) -> Team:
    """The team that takes what belongs to no other.

    Raises:
        SetupError: somebody deleted it.
    """
    team = session.execute(select(Team).where(Team.is_default.is_(True))).scalar_one_or_none()
    if team is None:
        raise SetupError("There is no default team. Make one: waymark staff team NAME --default")
    return team


def team_for(session: Session, referral_id: str | None) -> Team:
    """The team of the hospital, or of the GP practice when the referral is with them."""
    referral = session.get(Referral, referral_id) if referral_id else None
    if referral is None:
        return default_team(session)
    with_gp = State(referral.state) in WITH_GP
    organisation = referral.referrer if with_gp else referral.provider
    if organisation is None:
        return default_team(session)
    own = session.execute(
        select(Team).where(Team.organisation_id == organisation.id).order_by(Team.name)
    ).scalars()
    return own.first() or _team_of_trust(session, organisation.ods_code) or default_team(session)


def team_finder(session: Session) -> TeamOf:
    """The rule of `team_for` for many referrals, with two queries at the start and none later."""
    default: str = default_team(session).id
    team_of = _teams_by_organisation(session)

    def find(state: State, referrer_id: str | None, provider_id: str | None) -> str:
        return team_of.get((referrer_id if state in WITH_GP else provider_id) or "", default)

    return find


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


def _team_of_trust(session: Session, code: str | None) -> Team | None:
    """A site's referral goes to the trust's team: "RJ121" belongs to "RJ1"."""
    if not code or len(code) <= PROVIDER_CODE_LENGTH:
        return None
    for team in session.execute(select(Team).where(Team.organisation_id.isnot(None))).scalars():
        if team.organisation.ods_code == code[:PROVIDER_CODE_LENGTH]:
            return team
    return None


def on_duty(session: Session, team: Team, now: datetime) -> int:
    """How many of a team's coordinators are signed in just now."""
    since = now - timedelta(minutes=get_settings().staff_idle_minutes)
    return session.execute(
        select(func.count(func.distinct(StaffSession.staff_id)))
        .join(Staff, Staff.id == StaffSession.staff_id)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(
            Membership.team_id == team.id,
            Staff.active.is_(True),
            StaffSession.ended_at.is_(None),
            StaffSession.last_seen_at > since,
        )
    ).scalar_one()
