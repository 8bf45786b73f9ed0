"""A new interface issue: from a hand-off (the chat page links here), or without one.

`bot.console.issues` has the list, and what becomes of an issue.
"""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.issue_forms import Choices, ReportForm, errors_of
from bot.console.pages import page
from bot.console.refusals import asking
from bot.console.security import form_of
from bot.errors import NotFound
from bot.records.base import new_id, utc_now
from bot.records.chat_models import Handoff
from bot.records.issue_queries import issue_of
from bot.records.models import Organisation
from bot.records.staff_models import InterfaceIssue, Staff
from bot.records.staff_queries import handoff_of, teams_of
from bot.services.interface_issues import IssueRefused
from bot.services.issue_reports import record_for_team, record_from_handoff

BY_HEADING = "The hospital, or the GP practice when the referral itself was wrong"
NOBODY_YET = "Not known yet"


def show_form(request: Request) -> Response:
    """An empty form; ?handoff= names the hand-off that brought the issue up."""
    handoff_id = request.query_params.get("handoff")
    with asking(request, "handoff", handoff_id) as (session, staff):
        handoff = handoff_of(session, staff, handoff_id) if handoff_id else None
        form = ReportForm(
            issue_id=new_id(), reported_by="patient" if handoff else "", organisation=""
        )
        _offer(form, session, staff, handoff)
    return _form_page(request, form, handoff_id, {})


def record_of_handoff(request: Request) -> Response:
    """The form of a hand-off, sent."""
    return _record(request, request.path_params["handoff_id"])


def record_of_team(request: Request) -> Response:
    """The form without a hand-off, sent."""
    return _record(request, None)


def _record(request: Request, handoff_id: str | None) -> Response:
    form = ReportForm(form_of(request))
    with asking(request, "handoff" if handoff_id else "issue", handoff_id) as (session, staff):
        handoff = handoff_of(session, staff, handoff_id) if handoff_id else None
        _offer(form, session, staff, handoff)
        if handoff is not None:
            form.team.data = handoff.team_id
        errors = {} if form.validate() else errors_of(form)
        if not errors:
            try:
                issue = _store(session, staff, form, handoff)
                address = _address_after(session, staff, issue, handoff)
            except IssueRefused as refused:
                errors = {refused.field: str(refused)}
    if errors:
        return _form_page(request, form, handoff_id, errors, 422)
    return lead_on(request, address, _draft_of(handoff_id))


def _store(
    session: Session, staff: Staff, form: ReportForm, handoff: Handoff | None
) -> InterfaceIssue:
    if handoff is not None:
        return record_from_handoff(session, staff, handoff.id, form.report(), utc_now())
    return record_for_team(session, staff, form.team.data, form.report(), utc_now())


def _address_after(
    session: Session, staff: Staff, issue: InterfaceIssue, handoff: Handoff | None
) -> str:
    """The new issue; the hand-off when it is another team's, who only lent it."""
    try:
        return f"/issues/{issue_of(session, staff, issue.id).id}?saved=1"
    except NotFound:
        return f"/handoffs/{handoff.id}" if handoff else "/issues"


def lead_on(request: Request, address: str, draft: str) -> Response:
    """To the next page. The browser forgets the draft of what is stored now."""
    if "hx-request" not in request.headers:
        return RedirectResponse(address, status_code=303)
    sent = json.dumps({"waymark:sent": {"draft": draft}})
    return Response(headers={"HX-Trigger": sent, "HX-Redirect": address})


def _offer(form: ReportForm, session: Session, staff: Staff, handoff: Handoff | None) -> None:
    """What can be chosen: the two ends of the hand-off's referral, else every organisation."""
    teams = [(team.id, team.name) for team in teams_of(session, staff)]
    if handoff is not None:
        teams = [(handoff.team_id, handoff.team.name)]
    form.offer(_organisations(session, handoff), teams)


def _organisations(session: Session, handoff: Handoff | None) -> Choices:
    referral = handoff.referral if handoff else None
    if referral is not None:
        ends = [one for one in (referral.provider, referral.referrer) if one]
        return [("", BY_HEADING), *((one.id, one.name) for one in ends)]
    query = select(Organisation.id, Organisation.name).where(Organisation.kind != "other")
    found = session.execute(query.order_by(Organisation.name)).all()
    return [("", NOBODY_YET), *((one_id, name) for one_id, name in found)]


def _draft_of(handoff_id: str | None) -> str:
    return f"issue-{handoff_id or 'new'}"


def _form_page(
    request: Request,
    form: ReportForm,
    handoff_id: str | None,
    errors: dict[str, str],
    status_code: int = 200,
) -> Response:
    return page(
        request,
        "issue_new.html.j2",
        status_code=status_code,
        form=form,
        errors=errors,
        handoff_id=handoff_id,
        action=f"/handoffs/{handoff_id}/issue" if handoff_id else "/issues/new",
        draft=_draft_of(handoff_id),
    )


routes = [
    Route("/issues/new", show_form, methods=["GET"]),
    Route("/issues/new", record_of_team, methods=["POST"]),
    Route("/handoffs/{handoff_id}/issue", record_of_handoff, methods=["POST"]),
]
