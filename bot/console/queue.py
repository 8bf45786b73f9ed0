"""/queue: the hand-offs that wait, are mine, are my teams', or were resolved; and claiming one.

The rows are fetched anew when a live event says that something changed.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.navigation import VIEWS
from bot.console.pages import fragment, page
from bot.console.queue_rows import queue_rows
from bot.console.scope import handoff_scope
from bot.console.security import staff_of
from bot.console.words import REASONS
from bot.errors import AlreadyClaimed
from bot.records import staff_queries
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.handoffs import claim_handoff
from bot.services.watch import stale_feeds

SHOWN_AT_MOST = 200


def show_queue(request: Request) -> Response:
    """A view of the queue."""
    with transaction() as session:
        feeds = stale_feeds(session, utc_now())
    return page(request, "queue.html.j2", stale_feeds=feeds, **_queue(request))


def show_rows(request: Request) -> Response:
    """Its rows alone, for a page that is open."""
    return fragment(request, "_queue_rows.html.j2", **_queue(request))


def _queue(request: Request) -> dict[str, Any]:
    view = request.path_params["view"]
    team_id = request.query_params.get("team") or None
    now = utc_now()
    with transaction() as session:
        staff = session.get(Staff, staff_of(request).id)
        teams = staff_queries.teams_of(session, staff)
        known = {team.id: team.name for team in teams}
        team_id = team_id if team_id in known else None
        found = staff_queries.queue(session, staff, view, team_id=team_id, limit=SHOWN_AT_MOST)
        rows = queue_rows(session, staff, found, now)
    return {
        "view": view,
        "heading": dict(VIEWS)[view],
        "teams": list(known.items()),
        "team_id": team_id or "",
        "team": known.get(team_id or ""),
        "rows": rows,
        "cut": len(rows) == SHOWN_AT_MOST,
    }


def show_feeds(request: Request) -> Response:
    """The banner of feeds that stand still, for a page that is open."""
    with transaction() as session:
        feeds = stale_feeds(session, utc_now())
    return fragment(request, "_feeds.html.j2", stale_feeds=feeds)


def claim(request: Request) -> Response:
    """Take a hand-off. Who comes second is told who was first, in the row itself."""
    try:
        with handoff_scope(request) as scope:
            reason = REASONS[scope.handoff.reason]
            handoff = claim_handoff(scope.session, scope.staff, scope.handoff.id, scope.now)
    except AlreadyClaimed as error:
        if "hx-request" not in request.headers:
            raise
        taken = f"{error.by} has it" if error.by else "It is closed already"
        return fragment(
            request, "_queue_taken.html.j2", status_code=409, reason=reason, taken=taken
        )
    return lead_to(request, f"/handoffs/{handoff.id}")


def lead_to(request: Request, address: str, *, sent: str | None = None) -> Response:
    """Send the browser to another page, by htmx or without it; `sent`: a draft to forget."""
    if "hx-request" not in request.headers:
        return RedirectResponse(address, status_code=303)
    headers = {"HX-Redirect": address}
    if sent:
        headers["HX-Trigger"] = json.dumps({"waymark:sent": {"draft": sent}})
    return Response(headers=headers)


routes = [
    Route("/queue/{view}", show_queue),
    Route("/queue/{view}/rows", show_rows),
    Route("/feeds", show_feeds),
    Route("/handoffs/{handoff_id}/claim", claim, methods=["POST"]),
]
