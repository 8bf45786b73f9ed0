"""Interface issues: what went wrong between GP and hospital, from report to outcome.

Called by the console's issue pages (through `bot.services.issue_reports` for new ones), and by
the dialogue for what patients report themselves.
Text is stored without identifiers, so that lists and exports can't hold any; see
docs/interface-issues.md.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import WaymarkError
from bot.pathway.interface_issues import HEADINGS, KINDS, REPORTERS, STATES, is_about_referrer
from bot.records.issue_queries import issue_of
from bot.records.models import Organisation, Referral
from bot.records.staff_models import InterfaceIssue, Staff
from bot.services.audit import audit
from bot.services.issue_patients import patients_of, without_patients
from bot.services.live import note_issue_event
from bot.services.teams import team_for

LONGEST_TEXT = 4000
"""Characters of a description or an outcome."""


class IssueRefused(WaymarkError):
    """A report or a change can't be stored as it is. field: the form's field to look at."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def record_issue(
    session: Session,
    now: datetime,
    *,
    heading: str,
    description: str,
    reported_by: str,
    kind: str = "other",
    team_id: str | None = None,
    staff: Staff | None = None,
    conversation_id: str | None = None,
    handoff_id: str | None = None,
    referral_id: str | None = None,
    organisation_id: str | None = None,
    issue_id: str | None = None,
) -> InterfaceIssue:
    """Record one issue.

    Args:
        team_id: None: by the referral's state, see `teams.team_for`.
        staff: who writes it down; None: the patient told the bot.
        organisation_id: whom it is about; None: the referral's hospital or GP practice, by
            heading. Without a referral it stays open.

    Raises:
        IssueRefused: an unknown heading or kind, or no words or too many.
        ValueError: neither staff nor a conversation: nobody says it.
    """
    if staff is None and conversation_id is None:
        raise ValueError("An issue needs who reports it: staff, or a conversation.")
    _check("heading", heading, HEADINGS)
    _check("kind", kind, KINDS)
    _check("reported_by", reported_by, REPORTERS)
    if organisation_id and session.get(Organisation, organisation_id) is None:
        raise IssueRefused("organisation", "Choose an organisation of the list.")
    if not description.strip():
        raise IssueRefused("description", "Say what went wrong.")
    _check_length("description", description)
    referral = session.get(Referral, referral_id) if referral_id else None
    if organisation_id is None and referral is not None:
        about_referrer = is_about_referrer(heading)
        organisation_id = referral.referrer_id if about_referrer else referral.provider_id
    issue = InterfaceIssue(
        heading=heading,
        kind=kind,
        description=without_patients(
            description, patients_of(session, referral, handoff_id, conversation_id), now
        ),
        reported_by=reported_by,
        staff_id=staff.id if staff else None,
        conversation_id=conversation_id,
        handoff_id=handoff_id,
        referral_id=referral_id,
        organisation_id=organisation_id,
        team_id=team_id or team_for(session, referral_id).id,
        state="new",
        created_at=now,
        updated_at=now,
    )
    if issue_id:
        issue.id = issue_id
    session.add(issue)
    session.flush()
    actor = f"staff:{staff.id}" if staff else f"patient:{conversation_id}"
    audit(session, actor, "issue_recorded", "issue", issue.id, heading=heading, kind=kind)
    note_issue_event(session, issue.team_id, issue.id)
    return issue


def change_issue(
    session: Session,
    staff: Staff,
    issue_id: str,
    now: datetime,
    *,
    heading: str,
    state: str,
    outcome: str,
    seen: str,
) -> InterfaceIssue:
    """Move an issue on. A closed one may be opened again; its outcome stays.

    Args:
        seen: `version_of` the issue that the form was made from.

    Raises:
        NotFound: none that this person may see.
        IssueRefused: closed without an outcome, or somebody else changed it since.
    """
    issue = issue_of(session, staff, issue_id)
    session.refresh(issue, with_for_update={"of": InterfaceIssue})
    _check("heading", heading, HEADINGS)
    _check("state", state, STATES)
    _check_length("outcome", outcome)
    if version_of(issue) != seen:
        raise IssueRefused(
            "seen", "A colleague changed this issue meanwhile. Read it again, then save yours."
        )
    if state == "closed" and not outcome.strip():
        raise IssueRefused("outcome", "Say what the outcome is before you close the issue.")
    patients = patients_of(session, issue.referral, issue.handoff_id, issue.conversation_id)
    before = issue.state
    issue.heading, issue.state = heading, state
    issue.outcome = without_patients(outcome, patients, now) or None
    issue.updated_at = now
    actor = f"staff:{staff.id}"
    audit(session, actor, "issue_changed", "issue", issue.id, before=before, state=state)
    note_issue_event(session, issue.team_id, issue.id)
    return issue


def version_of(issue: InterfaceIssue) -> str:
    """What a form remembers, so that two people can't overwrite one another."""
    return issue.updated_at.isoformat()


def _check(field: str, value: str, known: dict[str, str]) -> None:
    if value not in known:
        raise IssueRefused(field, "Choose one of the list.")


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise IssueRefused(field, f"Shorten it to {LONGEST_TEXT:,} characters.")
