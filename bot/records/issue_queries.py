"""Reading interface issues, scoped to a coordinator's teams; administrators read all.

Missing and forbidden look alike. Called by `bot.services.interface_issues` and the issue pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.elements import ColumnElement

from bot.errors import NotFound
from bot.records.chat_models import Handoff
from bot.records.identity_models import IdentitySession
from bot.records.models import Organisation, Patient, Referral
from bot.records.staff_models import InterfaceIssue, Membership, Staff


@dataclass(frozen=True)
class IssueFilter:
    """Which issues are wanted; None: any. since, before: moments of recording, the first
    included."""

    heading: str | None = None
    state: str | None = None
    organisation_id: str | None = None
    team_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


def issue_of(session: Session, staff: Staff, issue_id: str) -> InterfaceIssue:
    """One issue of this person's teams.

    Raises:
        NotFound: none that this person may see.
    """
    query = _with_names(select(InterfaceIssue)).where(
        InterfaceIssue.id == issue_id, *_of_teams(staff)
    )
    issue = session.execute(query).scalar_one_or_none()
    if issue is None:
        raise NotFound(f"No issue {issue_id} among yours. Go back to the list of issues.")
    return issue


def issues(
    session: Session, staff: Staff, wanted: IssueFilter, *, offset: int = 0, limit: int | None
) -> list[InterfaceIssue]:
    """Issues, the newest first."""
    query = _with_names(select(InterfaceIssue)).where(*_of_teams(staff), *_conditions(wanted))
    newest_first = query.order_by(InterfaceIssue.created_at.desc(), InterfaceIssue.id)
    return list(session.execute(newest_first.offset(offset).limit(limit)).scalars())


def count_issues(session: Session, staff: Staff, wanted: IssueFilter) -> int:
    """How many there are."""
    query = select(func.count(InterfaceIssue.id)).where(*_of_teams(staff), *_conditions(wanted))
    return session.execute(query).scalar_one()


def organisations_with_issues(session: Session, staff: Staff) -> list[Organisation]:
    """The organisations that this person's issues are about, by name; those of restricted records
    don't count."""
    about = select(InterfaceIssue.organisation_id).where(*_of_teams(staff), ~_restricted())
    query = select(Organisation).where(Organisation.id.in_(about)).order_by(Organisation.name)
    return list(session.execute(query).scalars())


def _of_teams(staff: Staff) -> list[Any]:
    if staff.role == "administrator":
        return []
    own = select(Membership.team_id).where(Membership.staff_id == staff.id)
    return [InterfaceIssue.team_id.in_(own)]


def _conditions(wanted: IssueFilter) -> list[Any]:
    equal = {
        InterfaceIssue.heading: wanted.heading,
        InterfaceIssue.state: wanted.state,
        InterfaceIssue.organisation_id: wanted.organisation_id,
        InterfaceIssue.team_id: wanted.team_id,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    if wanted.organisation_id is not None:
        conditions.append(~_restricted())
    if wanted.since is not None:
        conditions.append(InterfaceIssue.created_at >= wanted.since)
    if wanted.before is not None:
        conditions.append(InterfaceIssue.created_at < wanted.before)
    return conditions


def _restricted() -> ColumnElement:
    """Issues about a restricted record: by organisation they can't be found."""
    of_referral = (
        select(Referral.id)
        .join(Patient, Patient.id == Referral.patient_id)
        .where(Referral.id == InterfaceIssue.referral_id, Patient.restricted)
    )
    of_handoff = (
        select(Handoff.id)
        .join(Patient, Patient.id == Handoff.patient_id)
        .where(Handoff.id == InterfaceIssue.handoff_id, Patient.restricted)
    )
    verified = (
        select(IdentitySession.id)
        .join(Patient, Patient.id == IdentitySession.patient_id)
        .where(IdentitySession.conversation_id == InterfaceIssue.conversation_id)
        .where(Patient.restricted)
    )
    return or_(of_referral.exists(), of_handoff.exists(), verified.exists())


def _with_names(query: Any) -> Any:
    return query.options(
        joinedload(InterfaceIssue.organisation),
        joinedload(InterfaceIssue.team),
        joinedload(InterfaceIssue.referral).joinedload(Referral.patient),
    )
