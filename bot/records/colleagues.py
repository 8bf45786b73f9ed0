"""To whom a hand-off can be transferred. Read by the console; names of staff only."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.records.staff_models import Membership, Staff, Team


def colleagues(session: Session, staff: Staff) -> list[Staff]:
    """Everybody else who can sign in, with their teams, by name."""
    query = (
        select(Staff)
        .where(Staff.active.is_(True), Staff.id != staff.id)
        .options(joinedload(Staff.memberships).joinedload(Membership.team))
        .order_by(Staff.first_name, Staff.family_name)
    )
    return list(session.execute(query).unique().scalars())


def other_teams(session: Session, team_id: str) -> list[Team]:
    """Every team but this one, by name."""
    query = select(Team).where(Team.id != team_id).order_by(Team.name)
    return list(session.execute(query).scalars())
