"""Writing to the patient: look at the translation first, then send; canned replies likewise.

Without a translator, or when it fails, the page says so and offers to send in English. Whatever
is refused, the text stays in the box.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.chat_actions import CONFLICT, UNREADABLE
from bot.console.chat_page import part_or_page
from bot.console.previews import Shown, make_preview, seen_preview
from bot.console.queue import lead_to
from bot.console.scope import Scope, handoff_scope
from bot.console.security import form_of
from bot.errors import NotFound, WaymarkError
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.language.translate import Preview
from bot.records.chat_models import Message
from bot.services.handoffs import handoff_held_by
from bot.services.staff_messages import canned_replies, send_canned_reply, send_staff_message
from bot.settings import get_settings

LONGEST_CLIENT_ID = 64
AS_TYPED = "english"
"""Value of `preview` in a form: send it as it is, in English."""


def show_preview(request: Request) -> Response:
    """What the patient would read, and what it says back in English."""
    text = str(form_of(request).get("text", "")).strip()
    return _preview(request, text)


def _preview(request: Request, text: str, note: str = "") -> Response:
    try:
        with handoff_scope(request) as scope:
            held = handoff_held_by(scope.session, scope.staff, scope.handoff.id)
            if held.conversation_id is None:
                raise WaymarkError("This task has no chat, so nothing can be written here.")
            handoff_id, language = scope.handoff.id, _language_of(scope)
        _check(text)
    except NotFound:
        raise
    except WaymarkError as error:
        return _refused(request, text, str(error))
    shown = make_preview(handoff_id, text, language, note)
    return _answer(request, text, shown)


def _check(text: str) -> None:
    longest = get_settings().message_max_length
    if not text:
        raise WaymarkError("Write a message first.")
    if len(text) > longest:
        raise WaymarkError(f"The message is longer than {longest} characters. Send it in parts.")


def send(request: Request) -> Response:
    """Send what was looked at, or English as it is typed."""
    fields = form_of(request)
    text, how = str(fields.get("text", "")).strip(), str(fields.get("preview", ""))
    translation: Preview | None = None
    with handoff_scope(request) as scope:
        handoff_id, english = scope.handoff.id, _language_of(scope) == SOURCE_LANGUAGE
    if not english and how != AS_TYPED:
        translation = seen_preview(handoff_id, text, how)
        if translation is None:
            return _preview(request, text, "Look at this before it is sent." if how else "")
    try:
        with handoff_scope(request) as scope:
            message = send_staff_message(
                scope.session,
                scope.staff,
                scope.handoff.id,
                _client_id(request),
                text,
                scope.now,
                translation=translation,
            )
    except NotFound:
        raise
    except WaymarkError as error:
        return _refused(request, text, str(error))
    return _sent(request, message)


def send_canned(request: Request) -> Response:
    """A canned reply: first shown in both languages, then, with `confirm`, sent."""
    fields = form_of(request)
    name, text = str(fields.get("reply", "")), str(fields.get("text", ""))
    message: Message | None = None
    try:
        with handoff_scope(request) as scope:
            held = handoff_held_by(scope.session, scope.staff, scope.handoff.id)
            reply = next((one for one in canned_replies(held) if one.name == name), None)
            if reply is None:
                raise WaymarkError("Choose a reply first.")
            if fields.get("confirm"):
                who = (scope.session, scope.staff, held.id)
                message = send_canned_reply(*who, _client_id(request), name, scope.now)
    except NotFound:
        raise
    except WaymarkError as error:
        return _refused(request, text, str(error))
    if message is not None:
        return _sent(request, message, text)
    shown = Shown("canned", reply.english, Preview(reply.text, "", "", ()), name=name)
    return _answer(request, text, shown)


def _language_of(scope: Scope) -> str:
    talk = scope.handoff.conversation
    return (talk.language if talk else None) or get_settings().default_language


def _client_id(request: Request) -> str:
    client_id = str(form_of(request).get("client_id", ""))
    if not client_id or len(client_id) > LONGEST_CLIENT_ID:
        raise WaymarkError("This page is too old. Load it again; your text is kept.")
    return client_id


def _answer(request: Request, text: str, shown: Shown) -> Response:
    """A preview. The form's own client id stays: what is looked at twice is sent once."""
    return part_or_page(
        request,
        "_chat_preview.html.j2",
        preview=shown,
        text=text,
        client_id=str(form_of(request).get("client_id", "")),
        said={},
    )


def _refused(request: Request, text: str, sentence: str) -> Response:
    return part_or_page(
        request,
        "_chat_preview.html.j2",
        status_code=CONFLICT if text else UNREADABLE,
        preview=None,
        text=text,
        client_id=str(form_of(request).get("client_id", "")),
        said={"compose": sentence},
    )


def _sent(request: Request, message: Message, kept: str = "") -> Response:
    """The box is empty again, with a new id; `kept`: what was written besides a canned reply."""
    handoff_id = request.path_params["handoff_id"]
    if "hx-request" not in request.headers:
        return lead_to(request, f"/handoffs/{handoff_id}#message-{message.seq}")
    told: dict[str, Any] = {"handoff": handoff_id, "seq": message.seq}
    if not kept:
        told["draft"] = handoff_id
    return part_or_page(
        request,
        "_chat_sent.html.j2",
        headers={"HX-Trigger": json.dumps({"waymark:sent": told})},
        seq=message.seq,
    )


routes = [
    Route("/handoffs/{handoff_id}/preview", show_preview, methods=["POST"]),
    Route("/handoffs/{handoff_id}/send", send, methods=["POST"]),
    Route("/handoffs/{handoff_id}/canned", send_canned, methods=["POST"]),
]
