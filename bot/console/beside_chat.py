"""The other forms beside a chat: notes, verifying the patient, the interpreter log."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.chat_actions import CONFLICT, UNREADABLE
from bot.console.chat_page import part_or_page
from bot.console.forms import CallForm, NoteForm, VerifyForm
from bot.console.scope import handoff_scope
from bot.console.security import form_of
from bot.console.words import INTERPRETED
from bot.errors import NotFound, NotHolder, Refused, WaymarkError
from bot.services.handoffs import add_note
from bot.services.interpreters import request_interpreter, update_call
from bot.services.verify_by_staff import verify_by_staff

NO_MATCH = (
    "No record that may be opened here has these details. Check them. Some records can't be "
    "opened in a chat: then use your own record system."
)


def note(request: Request) -> Response:
    """Write a note. Anybody who may read the hand-off may."""
    form = NoteForm(form_of(request))
    if not form.validate():
        return part_or_page(request, "_chat_note.html.j2", status_code=UNREADABLE, note_form=form)
    with handoff_scope(request) as scope:
        add_note(scope.session, scope.staff, scope.handoff.id, form.text.data, scope.now)
    said = {"note": "Note saved. Only staff see it."}
    forget = {"waymark:sent": {"draft": f"note-{scope.handoff.id}"}}
    headers = {"HX-Trigger": json.dumps(forget)}
    return part_or_page(request, "_chat_note.html.j2", headers=headers, said=said)


def verify(request: Request) -> Response:
    """Verify the patient by the details that the coordinator has checked with them."""
    form = VerifyForm(form_of(request))
    claim = form.claim()
    if claim is None:
        return part_or_page(
            request, "_chat_verify.html.j2", status_code=UNREADABLE, verify_form=form
        )
    try:
        with handoff_scope(request) as scope:
            identity = verify_by_staff(
                scope.session, scope.staff, scope.handoff.id, claim, form.way.data, scope.now
            )
    except (NotHolder, Refused) as error:
        return _not_verified(request, form, str(error))
    if identity is None:
        return _not_verified(request, form, NO_MATCH)
    said = {"verified": "The patient is verified. The page shows their record now."}
    return part_or_page(request, "_chat_verify.html.j2", said=said)


def _not_verified(request: Request, form: VerifyForm, sentence: str) -> Response:
    return part_or_page(
        request,
        "_chat_verify.html.j2",
        status_code=CONFLICT,
        verify_form=form,
        said={"verify": sentence},
    )


def interpreter(request: Request) -> Response:
    """Ask for an interpreter, or log what became of a call (`call`: its number)."""
    fields = form_of(request)
    number = str(fields.get("call", ""))
    form = CallForm(fields) if number else CallForm()
    if number and not (number.isdigit() and len(number) < 10 and form.validate()):
        return _call_refused(request, form, number, {})
    try:
        with handoff_scope(request) as scope:
            held = (scope.session, scope.staff, scope.handoff.id)
            if number:
                update_call(
                    *held,
                    int(number),
                    scope.now,
                    state=form.state.data,
                    provider=(form.provider.data or "").strip(),
                    reference=(form.reference.data or "").strip(),
                    minutes=form.minutes.data,
                )
            else:
                language = str(fields.get("language", ""))
                talk = scope.handoff.conversation
                if language not in (*INTERPRETED, talk.language if talk else None):
                    raise WaymarkError("Choose the language.")
                request_interpreter(*held, language, scope.now)
    except NotFound:
        raise
    except WaymarkError as error:
        return _call_refused(request, form, number, {"interpreter": str(error)})
    return part_or_page(request, "_chat_interpreter.html.j2", said={"call": "Logged."})


def _call_refused(request: Request, form: CallForm, number: str, said: dict[str, str]) -> Response:
    return part_or_page(
        request,
        "_chat_interpreter.html.j2",
        status_code=CONFLICT if said else UNREADABLE,
        call_form=form,
        call_form_of=int(number) if number.isdigit() else None,
        minutes=form_of(request).get("minutes", ""),
        said=said,
    )


def _post(name: str, handler: Callable[[Request], Response]) -> Route:
    return Route(f"/handoffs/{{handoff_id}}/{name}", handler, methods=["POST"])


routes = [_post("notes", note), _post("verify", verify), _post("interpreter", interpreter)]
