"""What a figure is asked for: a period, and the teams that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.records.staff_models import Staff
from bot.records.staff_queries import teams_of
from bot.services.figures.period import LENGTHS_DAYS, Period, period_until


@dataclass(frozen=True)
class Asked:
    """team_ids None: every team, and what belongs to none. now: when it is asked."""

    period: Period
    team_ids: frozenset[str] | None
    now: datetime


def asked_by(
    session: Session, staff: Staff, now: datetime, length_days: int, team_id: str | None = None
) -> Asked:
    """What this person may be told: figures are for supervisors, of their own teams, and for
    administrators.

    Args:
        length_days: one of LENGTHS_DAYS.
        team_id: only this team; None: all of theirs.

    Raises:
        NotFound: a coordinator asks, or the team isn't theirs, or no such period.
    """
    if staff.role == "coordinator":
        raise NotFound("Figures are for supervisors. Ask yours.")
    if length_days not in LENGTHS_DAYS:
        raise NotFound("There are figures for 7, 28 and 90 days. Choose one of these.")
    own = {team.id for team in teams_of(session, staff)}
    if team_id is not None and team_id not in own:
        raise NotFound("There is no such team among yours. Choose one of your teams.")
    period = period_until(now, length_days)
    if team_id is not None:
        return Asked(period, frozenset({team_id}), now)
    return Asked(period, None if staff.role == "administrator" else frozenset(own), now)
