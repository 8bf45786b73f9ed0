"""The values of a chat page and its parts, gathered in one transaction, for the templates."""

from __future__ import annotations

import uuid
from typing import Any

from bot.console.context import context_of
from bot.console.forms import CallForm, NoteForm, ResolveForm, TransferForm, VerifyForm
from bot.console.handoff_view import handoff_view, transfer_choices
from bot.console.scope import Scope
from bot.console.task_context import task_context
from bot.console.transcript import Entry, entries
from bot.console.words import INTERPRETED, fault, language_name, provider_name, writing
from bot.records import staff_queries
from bot.services.known_patient import KnownPatient, known_patient
from bot.services.staff_messages import canned_replies
from bot.services.watch import record_of_task
from bot.settings import get_settings

TITLE_LENGTH = 70
"""Of a canned reply in the list to choose from."""


def transcript_of(scope: Scope, known: KnownPatient | None, after: int = 0) -> list[Entry]:
    """The transcript after a number; of a closed hand-off only up to its end: what the patient
    says to somebody else later is none of its readers' business."""
    messages = staff_queries.messages_of(scope.session, scope.handoff, after)
    if scope.handoff.resolved_at is not None:
        messages = [row for row in messages if row.created_at <= scope.handoff.resolved_at]
    return entries(scope.session, scope.handoff, messages, known)


def chat_values(scope: Scope) -> dict[str, Any]:
    """Everything that chat.html.j2 and its parts show, or task.html.j2 and its."""
    record = record_of_task(scope.session, scope.handoff, scope.now)
    if record is not None:
        return {
            "handoff": handoff_view(scope, None, record),
            "entries": [],
            "context": task_context(scope, record),
            **compose_values(scope),
            **form_values(scope),
        }
    known = known_patient(scope.session, scope.handoff, scope.now)
    transcript = transcript_of(scope, known)
    context = context_of(scope.session, scope.staff, scope.handoff, known, transcript, scope.now)
    return {
        "handoff": handoff_view(scope, known),
        "entries": transcript,
        "context": context,
        **compose_values(scope),
        **form_values(scope),
    }


def compose_values(scope: Scope) -> dict[str, Any]:
    """What the box to write in needs. client_id: of the next message; it makes a second click
    harmless."""
    replies = canned_replies(scope.handoff) if scope.holds else []
    return {
        "client_id": uuid.uuid4().hex,
        "text": "",
        "preview": None,
        "canned_id": uuid.uuid4().hex,
        "translator": get_settings().translator,
        "writing": writing,
        "provider_name": provider_name,
        "fault": fault,
        "replies": [(reply.name, _shortened(reply.english)) for reply in replies],
    }


def form_values(scope: Scope) -> dict[str, Any]:
    """The empty forms beside the chat. said: an outcome to be shown with one of them."""
    transfer = TransferForm()
    transfer.to.choices = transfer_choices(scope)
    talk = scope.handoff.conversation
    spoken = talk.language if talk else None
    codes = [code for code in (spoken, *INTERPRETED) if code and code != "en"]
    return {
        "note_form": NoteForm(),
        "transfer_form": transfer,
        "resolve_form": ResolveForm(),
        "verify_form": VerifyForm(),
        "call_form": CallForm(),
        "call_form_of": None,
        "minutes": "",
        "due_typed": "",
        "interpreted": [(code, language_name(code)) for code in dict.fromkeys(codes)],
        "said": {},
    }


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"
