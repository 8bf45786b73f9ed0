"""/handoffs/…/status: one page to print or to read out, in the patient's language and English."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.pages import page
from bot.console.queue_rows import patient_name
from bot.console.scope import handoff_scope
from bot.console.words import language_name
from bot.services.status_sheet import status_sheet


def show_status(request: Request) -> Response:
    """The sheet; without a verified patient 409 says what to do."""
    with handoff_scope(request) as scope:
        sheet = status_sheet(scope.session, scope.staff, scope.handoff.id, scope.now)
        handoff_id, now = scope.handoff.id, scope.now
    return page(
        request,
        "status.html.j2",
        sheet=sheet,
        patient=patient_name(sheet.patient),
        language=language_name(sheet.language),
        handoff_id=handoff_id,
        made_at=now,
    )


routes = [Route("/handoffs/{handoff_id}/status", show_status)]
