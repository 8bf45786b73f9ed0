"""Interface issues as rows for a trust's or practice's own quality system.

No patient, conversation, hand-off or exact time: an opaque id leads back to the issue in Waymark.
Called by the console's issue pages; what each column means is in docs/interface-issues.md.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.errors import NotFound
from bot.language.free_text import for_reading
from bot.pathway.interface_issues import HEADINGS, KINDS, STATES
from bot.records.chat_models import Handoff
from bot.records.issue_queries import IssueFilter, issues
from bot.records.models import Patient
from bot.records.staff_models import InterfaceIssue, Staff
from bot.services.audit import audit
from bot.services.interface_issues import without_patient
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
    patients = _patients_by_handoff(session, found)
    rows = []
    for issue in found:
        patient = issue.referral.patient if issue.referral else patients.get(issue.handoff_id)
        rows.append(_row(issue, patient, now, with_text))
    detail = {"issues": len(rows), "with_text": with_text}
    audit(session, f"staff:{staff.id}", "issues_exported", "issue", None, **detail)
    return rows


def _row(
    issue: InterfaceIssue, patient: Patient | None, now: datetime, with_text: bool
) -> dict[str, str]:
    row = {
        "id": issue.id,
        "recorded_on": local_day(issue.created_at).isoformat(),
        "heading": HEADINGS[issue.heading],
        "kind": KINDS.get(issue.kind, issue.kind),
        "organisation": issue.organisation.name if issue.organisation else "",
        "organisation_code": (issue.organisation.ods_code or "") if issue.organisation else "",
        "specialty": (issue.referral.specialty or "") if issue.referral else "",
        "reported_by": issue.reported_by,
        "state": STATES[issue.state],
        "changed_on": local_day(issue.updated_at).isoformat(),
        "outcome": _clean(issue.outcome or "", patient, now),
    }
    return row | ({DESCRIPTION: _clean(issue.description, patient, now)} if with_text else {})


def _clean(text: str, patient: Patient | None, now: datetime) -> str:
    """Once more: who the patient is may have become known after the text was stored."""
    return for_reading(without_patient(text, patient, now))


def _patients_by_handoff(session: Session, found: list[InterfaceIssue]) -> dict[str, Patient]:
    """The patients of hand-offs without a referral."""
    ids = {issue.handoff_id for issue in found if issue.handoff_id and not issue.referral}
    query = (
        select(Handoff).options(joinedload(Handoff.patient)).where(Handoff.patient_id.isnot(None))
    )
    patients: dict[str, Patient] = {}
    for some in _in_portions(sorted(ids)):
        for handoff in session.execute(query.where(Handoff.id.in_(some))).scalars():
            patients[handoff.id] = handoff.patient
    return patients


def _in_portions(ids: list[str], size: int = 500) -> list[list[str]]:
    """SQLite takes only so many parameters in one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
