"""/issues: what went wrong between GP and hospital. List, one issue and its outcome, downloads.

New issues are in `bot.console.issue_report`.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console import issue_report
from bot.console.downloads import csv_file, json_file
from bot.console.issue_forms import ChangeForm, FilterForm, errors_of
from bot.console.issue_report import lead_on
from bot.console.pages import page
from bot.console.refusals import asking
from bot.console.security import form_of
from bot.errors import NotFound
from bot.pathway.interface_issues import HEADINGS, KINDS, REPORTERS, STATES
from bot.records.base import utc_now
from bot.records.issue_queries import count_issues, issue_of, issues, organisations_with_issues
from bot.records.staff_models import InterfaceIssue, Staff
from bot.records.staff_queries import handoff_of, teams_of
from bot.services.audit import audit
from bot.services.interface_issues import IssueRefused, change_issue, version_of
from bot.services.issue_exports import (
    COLUMNS,
    DESCRIPTION,
    exported_issues,
    may_export_descriptions,
)
from bot.services.issue_patients import is_restricted, patients_of_issues, shown_text
from bot.services.site_days import local_day

A_PAGE = 25
RESTRICTED = "Not shown: restricted record"
"""Instead of the organisation: where this patient is treated must not be found out."""
WORDS = {"headings": HEADINGS, "kinds": KINDS, "reporters": REPORTERS, "states": STATES}
STATE_COLOURS = {"new": "yellow", "looking_into": None, "passed_on": "purple", "closed": "grey"}


def show_list(request: Request) -> Response:
    """The issues of the reader's teams, the newest first, by filters that stand in the address."""
    with asking(request, "issue") as (session, staff):
        form = _filters(request, session, staff)
        form.validate()
        wanted = form.wanted()
        total = count_issues(session, staff, wanted)
        pages = max(1, math.ceil(total / A_PAGE))
        number = min(_page_number(request), pages)
        shown = issues(session, staff, wanted, offset=(number - 1) * A_PAGE, limit=A_PAGE)
        with_text = may_export_descriptions(staff)
        about = _about(session, shown)
    chosen = {name: value for name, value in form.data.items() if value}
    return page(
        request,
        "issues.html.j2",
        status_code=422 if form.errors else 200,
        form=form,
        errors=errors_of(form),
        issues=shown,
        about=about,
        total=total,
        number=number,
        pages=pages,
        query=urlencode(chosen),
        filtered=bool(chosen),
        with_text=with_text,
        colours=STATE_COLOURS,
        **WORDS,
    )


def show_issue(request: Request) -> Response:
    """One issue, with the form that moves it on."""
    issue_id = request.path_params["issue_id"]
    with asking(request, "issue", issue_id) as (session, staff):
        issue = issue_of(session, staff, issue_id)
        audit(session, f"staff:{staff.id}", "issue_read", "issue", issue.id)
        form = ChangeForm(
            seen=version_of(issue),
            heading=issue.heading,
            state=issue.state,
        )
        values = _issue_values(session, staff, issue)
        form.outcome.data = values["outcome"]
    saved = "saved" in request.query_params
    return page(request, "issue.html.j2", form=form, errors={}, saved=saved, **values)


def change(request: Request) -> Response:
    """Move one issue on. Nothing typed is lost when that can't be."""
    issue_id = request.path_params["issue_id"]
    form = ChangeForm(form_of(request))
    good = form.validate()
    with asking(request, "issue", issue_id) as (session, staff):
        issue = issue_of(session, staff, issue_id)
        errors = errors_of(form) if not good else _change(session, staff, issue, form)
        values = _issue_values(session, staff, issue)
    if not errors:
        return lead_on(request, f"/issues/{issue_id}?saved=1", f"outcome-{issue_id}")
    status = 422 if not good else 409
    values |= {"form": form, "errors": errors, "saved": False}
    return page(request, "issue.html.j2", status_code=status, **values)


def _change(
    session: Session, staff: Staff, issue: InterfaceIssue, form: ChangeForm
) -> dict[str, str]:
    """Errors by field; none when it is done."""
    try:
        change_issue(
            session,
            staff,
            issue.id,
            utc_now(),
            heading=form.heading.data,
            state=form.state.data,
            outcome=form.outcome.data,
            seen=form.seen.data,
        )
    except IssueRefused as refused:
        form.seen.data = version_of(issue)  # the page shows what it is now: saving again may
        return {"outcome" if refused.field == "seen" else refused.field: str(refused)}
    return {}


def download_csv(request: Request) -> Response:
    """The filtered issues for a spreadsheet or a quality system."""
    rows, with_text = _exported(request)
    columns = (*COLUMNS, DESCRIPTION) if with_text else COLUMNS
    return csv_file(_file_name("csv"), columns, [[row[name] for name in columns] for row in rows])


def download_json(request: Request) -> Response:
    """The same as JSON."""
    rows, _with_text = _exported(request)
    content = {"exported_on": local_day(utc_now()).isoformat(), "issues": rows}
    return json_file(_file_name("json"), content)


def _exported(request: Request) -> tuple[list[dict[str, str]], bool]:
    with_text = request.query_params.get("text") == "1"
    with asking(request, "issue") as (session, staff):
        form = _filters(request, session, staff)
        if not form.validate():
            raise NotFound("These filters can't be read. Go back to the list of issues.")
        return exported_issues(
            session, staff, form.wanted(), utc_now(), with_text=with_text
        ), with_text


def _filters(request: Request, session: Session, staff: Staff) -> FilterForm:
    form = FilterForm(request.query_params)
    form.offer(
        [(one.id, one.name) for one in organisations_with_issues(session, staff)],
        [(team.id, team.name) for team in teams_of(session, staff)],
    )
    return form


def _issue_values(session: Session, staff: Staff, issue: InterfaceIssue) -> dict[str, Any]:
    """What the page shows beside the form, read while the transaction lasts."""
    writer = session.get(Staff, issue.staff_id) if issue.staff_id else None
    patients = patients_of_issues(session, [issue])[issue.id]
    restricted = is_restricted(patients)
    return {
        "issue": issue,
        "about": RESTRICTED if restricted else _name_of(issue),
        "specialty": issue.referral.specialty if issue.referral and not restricted else None,
        "team": issue.team.name,
        "writer": f"{writer.first_name} {writer.family_name}" if writer else None,
        "description": shown_text(issue.description, patients, utc_now()),
        "outcome": shown_text(issue.outcome, patients, utc_now()),
        "handoff": _handoff_to_link(session, staff, issue),
        "colours": STATE_COLOURS,
        **WORDS,
    }


def _about(session: Session, shown: list[InterfaceIssue]) -> dict[str, str | None]:
    """Whom each issue is about, by its id; None: not known yet."""
    patients = patients_of_issues(session, shown)
    return {
        issue.id: RESTRICTED if is_restricted(patients[issue.id]) else _name_of(issue)
        for issue in shown
    }


def _name_of(issue: InterfaceIssue) -> str | None:
    return issue.organisation.name if issue.organisation else None


def _handoff_to_link(session: Session, staff: Staff, issue: InterfaceIssue) -> str | None:
    """The hand-off that it came from, for those who may see it: it may be another team's now."""
    if issue.handoff_id is None:
        return None
    try:
        return str(handoff_of(session, staff, issue.handoff_id).id)
    except NotFound:
        return None


def _page_number(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def _file_name(kind: str) -> str:
    return f"waymark-issues-{local_day(utc_now()).isoformat()}.{kind}"


routes = [
    Route("/issues", show_list),
    Route("/issues.csv", download_csv),
    Route("/issues.json", download_json),
    *issue_report.routes,
    Route("/issues/{issue_id}", show_issue, methods=["GET"]),
    Route("/issues/{issue_id}", change, methods=["POST"]),
]
