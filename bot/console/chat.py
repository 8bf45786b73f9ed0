"""/handoffs/…: one hand-off with its bilingual transcript and what stands beside it.

Reading is allowed to the whole team (they need it to choose) and audited once a view; the parts
that an open page fetches anew by itself once a sign-in. Writing is in `chat_actions`, `compose`
and `beside_chat`.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.console import beside_chat, chat_actions, compose, status
from bot.console.chat_page import chat_page
from bot.console.chat_values import chat_values, transcript_of
from bot.console.handoff_view import handoff_view
from bot.console.pages import fragment
from bot.console.scope import Scope, handoff_scope
from bot.console.security import staff_of
from bot.services.known_patient import KnownPatient, known_patient
from bot.services.reading_chats import note_part_read, note_view
from bot.services.watch import record_of_task


def show_chat(request: Request) -> Response:
    """The whole page; the view is audited."""
    with handoff_scope(request) as scope:
        known = known_patient(scope.session, scope.handoff, scope.now)
        record = record_of_task(scope.session, scope.handoff, scope.now)
        patient = known.patient if known else record.patient if record else None
        note_view(
            scope.session,
            scope.staff,
            scope.handoff,
            holds=scope.holds,
            patient_id=patient.id if patient else None,
        )
    return chat_page(request)


def show_messages(request: Request) -> Response:
    """The messages after a number, for a page that is open."""
    given = request.query_params.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
    with handoff_scope(request) as scope:
        known = known_patient(scope.session, scope.handoff, scope.now)
        _note_part(request, scope, known)
        entries, view = transcript_of(scope, known, after), handoff_view(scope, known)
    return fragment(request, "_chat_messages.html.j2", entries=entries, handoff=view)


def show_panel(request: Request) -> Response:
    """What stands beside the chat."""
    return _part(request, "_chat_panel.html.j2", "_task_panel.html.j2")


def show_actions(request: Request) -> Response:
    """Where it stands, and what can be done now."""
    return _part(request, "_chat_actions.html.j2")


def _part(request: Request, template: str, of_task: str | None = None) -> HTMLResponse:
    """`of_task`: the part of a page without a conversation, where that is another."""
    with handoff_scope(request) as scope:
        _note_part(request, scope, known_patient(scope.session, scope.handoff, scope.now))
        values: dict[str, Any] = chat_values(scope)
    chosen = template if values["handoff"].talk else of_task or template
    return fragment(request, chosen, **values)


def _note_part(request: Request, scope: Scope, known: KnownPatient | None) -> None:
    who = (scope.session, scope.staff, scope.handoff, staff_of(request).session_id)
    note_part_read(*who, **_seen(scope, known))


def _seen(scope: Scope, known: KnownPatient | None) -> dict[str, Any]:
    """What the audit says of a reading."""
    return {"holds": scope.holds, "patient_id": known.patient.id if known else None}


routes = [
    Route("/handoffs/{handoff_id}", show_chat),
    Route("/handoffs/{handoff_id}/messages", show_messages),
    Route("/handoffs/{handoff_id}/panel", show_panel),
    Route("/handoffs/{handoff_id}/actions", show_actions),
    *chat_actions.routes,
    *compose.routes,
    *beside_chat.routes,
    *status.routes,
]
