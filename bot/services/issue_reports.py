"""A coordinator's report of an interface issue, from a hand-off or without one: recorded once.

Called by the console's form; `bot.services.interface_issues` records.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.records.staff_models import InterfaceIssue, Staff
from bot.records.staff_queries import handoff_of, teams_of
from bot.services.interface_issues import record_issue


@dataclass(frozen=True)
class Report:
    """What somebody reports.

    reported_by: whose words they are, "patient" or "coordinator".
    organisation_id: whom it is about; None: by the referral and the heading.
    issue_id: made with the form, so that a second click records nothing; None: a new one.
    """

    heading: str
    description: str
    kind: str = "other"
    reported_by: str = "coordinator"
    organisation_id: str | None = None
    issue_id: str | None = None


def record_from_handoff(
    session: Session, staff: Staff, handoff_id: str, report: Report, now: datetime
) -> InterfaceIssue:
    """Record an issue that a hand-off brought up; it belongs to the hand-off's team.

    Raises:
        NotFound: no hand-off that this person may see.
        IssueRefused: as for `record_issue`.
    """
    handoff = handoff_of(session, staff, handoff_id)
    return _record_once(
        session,
        staff,
        report,
        now,
        team_id=handoff.team_id,
        conversation_id=handoff.conversation_id,
        handoff_id=handoff.id,
        referral_id=handoff.referral_id,
    )


def record_for_team(
    session: Session, staff: Staff, team_id: str, report: Report, now: datetime
) -> InterfaceIssue:
    """Record an issue without a hand-off: a letter or a call came another way.

    Raises:
        NotFound: not one of this person's teams.
        IssueRefused: as for `record_issue`.
    """
    if team_id not in {team.id for team in teams_of(session, staff)}:
        raise NotFound(f"No team {team_id} among yours. Choose one of your teams.")
    return _record_once(session, staff, report, now, team_id=team_id)


def _record_once(
    session: Session, staff: Staff, report: Report, now: datetime, **where: Any
) -> InterfaceIssue:
    """Record, or find what the same form recorded at its first click."""
    try:
        with session.begin_nested():
            return record_issue(session, now, staff=staff, **asdict(report), **where)
    except IntegrityError:  # its id is there already
        known = _recorded_before(session, staff, report)
        if known is None:
            raise
        return known


def _recorded_before(session: Session, staff: Staff, report: Report) -> InterfaceIssue | None:
    known = session.get(InterfaceIssue, report.issue_id) if report.issue_id else None
    if known is not None and known.staff_id != staff.id:
        raise NotFound("This form is not yours. Open a new one.")
    return known
