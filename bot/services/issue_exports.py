"""Interface issues as rows for a trust's or practice's own quality system.

No patient, conversation, hand-off or exact time: an opaque id leads back to the issue in Waymark.
Of a restricted record neither organisation nor specialty.
Called by the console's issue pages; what each column means is in docs/interface-issues.md.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.pathway.interface_issues import HEADINGS, KINDS, STATES
from bot.records.issue_queries import IssueFilter, issues
from bot.records.staff_models import InterfaceIssue, Staff
from bot.services.audit import audit
from bot.services.issue_patients import (
    Patients,
    is_restricted,
    patients_of_issues,
    shown_text,
)
from bot.services.site_days import local_day

COLUMNS = (
    "id",
    "recorded_on",
    "heading",
    "kind",
    "organisation",
    "organisation_code",
    "specialty",
    "reported_by",
    "state",
    "changed_on",
    "outcome",
)
DESCRIPTION = "description"
"""The column that only supervisors and administrators can add."""


def may_export_descriptions(staff: Staff) -> bool:
    """Free text may still say whose it is in other words: two roles take that upon them."""
    return staff.role in ("supervisor", "administrator")


def exported_issues(
    session: Session, staff: Staff, wanted: IssueFilter, now: datetime, *, with_text: bool
) -> list[dict[str, str]]:
    """The wanted issues, each a row of COLUMNS, the newest first; "" for what isn't known.

    Args:
        with_text: also the description.

    Raises:
        NotFound: descriptions are not for this role.
    """
    if with_text and not may_export_descriptions(staff):
        raise NotFound("Descriptions are exported by supervisors. Export without them.")
    found = issues(session, staff, wanted, limit=None)
    patients = patients_of_issues(session, found)
    rows = [_row(issue, patients[issue.id], now, with_text) for issue in found]
    detail = {"issues": len(rows), "with_text": with_text}
    audit(session, f"staff:{staff.id}", "issues_exported", "issue", None, **detail)
    return rows


def _row(
    issue: InterfaceIssue, patients: Patients, now: datetime, with_text: bool
) -> dict[str, str]:
    organisation = None if is_restricted(patients) else issue.organisation
    referral = None if is_restricted(patients) else issue.referral
    row = {
        "id": issue.id,
        "recorded_on": local_day(issue.created_at).isoformat(),
        "heading": HEADINGS[issue.heading],
        "kind": KINDS.get(issue.kind, issue.kind),
        "organisation": organisation.name if organisation else "",
        "organisation_code": (organisation.ods_code or "") if organisation else "",
        "specialty": (referral.specialty or "") if referral else "",
        "reported_by": issue.reported_by,
        "state": STATES[issue.state],
        "changed_on": local_day(issue.updated_at).isoformat(),
        "outcome": shown_text(issue.outcome, patients, now),
    }
    return row | ({DESCRIPTION: shown_text(issue.description, patients, now)} if with_text else {})
