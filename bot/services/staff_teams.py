"""Teams and who belongs to them: made by `waymark staff`. All that staff see goes by these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import NotFound, StaffError
from bot.records.models import Organisation
from bot.records.staff_models import Membership, Staff, Team
from bot.services.audit import audit
from bot.services.staff_sessions import end_sessions

ACTOR = "cli"


def add_team(
    session: Session,
    name: str,
    *,
    ods_code: str | None = None,
    email: str | None = None,
    default: bool = False,
) -> Team:
    """Make a team, or change the one of that name: what is None stays as it is.

    Args:
        ods_code: of the hospital or practice whose hand-offs it takes.
        email: where it is told of what nobody claims.
        default: it takes what belongs to no other, instead of the one that did.

    Raises:
        NotFound: no organisation of that code was imported.
        StaffError: a name that can't be one.
    """
    name = name.strip()
    if not name or len(name) > Team.name.type.length:
        raise StaffError(f"A team's name has 1 to {Team.name.type.length} characters.")
    team = session.execute(select(Team).where(Team.name == name)).scalar_one_or_none()
    if team is None:
        team = Team(name=name, is_default=False)
        session.add(team)
    if ods_code is not None:
        team.organisation_id = _organisation_id(session, ods_code)
    if email is not None:
        team.email = email.strip()
    if default and not team.is_default:
        session.execute(update(Team).where(Team.is_default.is_(True)).values(is_default=False))
        team.is_default = True
    session.flush()
    audit(session, ACTOR, "team_set", "team", team.id, default=team.is_default)
    return team


def get_team(session: Session, name: str) -> Team:
    """The team of that name.

    Raises:
        NotFound: there is none.
    """
    team = session.execute(select(Team).where(Team.name == name.strip())).scalar_one_or_none()
    if team is None:
        raise NotFound(f"No team is called “{name}”. Make it: waymark staff team “{name}”")
    return team


def all_teams(session: Session) -> list[Team]:
    """Every team, by name."""
    return list(session.execute(select(Team).order_by(Team.name)).scalars())


def _organisation_id(session: Session, ods_code: str) -> str:
    found = session.execute(
        select(Organisation.id).where(Organisation.ods_code == ods_code.strip().upper())
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"No organisation has the ODS code {ods_code}. Import its records first.")
    return str(found)


def join_teams(session: Session, staff: Staff, names: Sequence[str]) -> None:
    """Make a member of teams, by their names; being one already changes nothing."""
    for name in names:
        team = get_team(session, name)
        if session.get(Membership, (staff.id, team.id)) is None:
            session.add(Membership(staff_id=staff.id, team_id=team.id))
            session.flush()
            audit(session, ACTOR, "team_joined", "staff", staff.id, team=team.id)


def leave_teams(session: Session, staff: Staff, names: Sequence[str], now: datetime) -> None:
    """Take out of teams, by their names. They sign in again: an open page may show too much."""
    for name in names:
        team = get_team(session, name)
        membership = session.get(Membership, (staff.id, team.id))
        if membership is not None:
            session.delete(membership)
            audit(session, ACTOR, "team_left", "staff", staff.id, team=team.id)
    end_sessions(session, staff, now)
