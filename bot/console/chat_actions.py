"""What is done with a hand-off besides writing: release, transfer, read, type, reveal, resolve.

Claiming is in `bot.console.queue`. Each is one service call in one transaction; only the holder
may, and the services say so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.chat_page import part_or_page
from bot.console.forms import ResolveForm, TransferForm
from bot.console.handoff_view import transfer_choices
from bot.console.pages import fragment
from bot.console.queue import lead_to
from bot.console.scope import handoff_scope
from bot.console.security import form_of
from bot.errors import NotHolder, WaymarkError
from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import Staff
from bot.services import handoffs
from bot.services.reveal import reveal
from bot.services.safe_contact import record_safe_contact
from bot.services.translations import retry_translation

Step = Callable[[Session, Staff, str, datetime], Handoff]
NO_CONTENT = 204
UNREADABLE = 422
CONFLICT = 409


def release(request: Request) -> Response:
    """Back into the queue."""
    return _step(request, handoffs.release_handoff, "/queue/mine")


def accept(request: Request) -> Response:
    """Take what was offered."""
    return _step(request, handoffs.accept_transfer)


def decline(request: Request) -> Response:
    """It stays with the sender."""
    return _step(request, handoffs.decline_transfer, "/queue/mine")


def cancel_transfer(request: Request) -> Response:
    """The sender takes the offer back."""
    return _step(request, handoffs.cancel_transfer)


def _step(request: Request, step: Step, then: str | None = None) -> Response:
    with handoff_scope(request) as scope:
        handoff = step(scope.session, scope.staff, scope.handoff.id, scope.now)
    return lead_to(request, then or f"/handoffs/{handoff.id}")


def transfer(request: Request) -> Response:
    """Offer it to a colleague or a team."""
    form = TransferForm(form_of(request))
    said: dict[str, str] = {}
    with handoff_scope(request) as scope:
        form.to.choices = transfer_choices(scope)
        good = form.validate()
        kind, _, chosen = (form.to.data or "").partition(":")
        if good:
            try:
                handoff = handoffs.offer_transfer(
                    scope.session,
                    scope.staff,
                    scope.handoff.id,
                    scope.now,
                    to_staff_id=chosen if kind == "staff" else None,
                    to_team_id=chosen if kind == "team" else None,
                    note=form.note.data,
                )
                return lead_to(request, f"/handoffs/{handoff.id}", sent=f"transfer-{handoff.id}")
            except WaymarkError as error:
                said = {"transfer": str(error)}
    status = CONFLICT if said else UNREADABLE
    return part_or_page(
        request, "_chat_transfer.html.j2", status_code=status, transfer_form=form, said=said
    )


def resolve(request: Request) -> Response:
    """Settle it."""
    form = ResolveForm(form_of(request))
    said: dict[str, str] = {}
    if form.validate():
        try:
            with handoff_scope(request) as scope:
                handoffs.resolve_handoff(
                    scope.session,
                    scope.staff,
                    scope.handoff.id,
                    scope.now,
                    done=form.done.data,
                    left_with=form.left_with.data,
                    left_due_on=form.left_due_on.data,
                )
            return lead_to(request, "/queue/mine", sent=f"resolve-{scope.handoff.id}")
        except NotHolder as error:
            said = {"resolve": str(error)}
    status = CONFLICT if said else UNREADABLE
    return part_or_page(
        request,
        "_chat_resolve.html.j2",
        status_code=status,
        resolve_form=form,
        due_typed=form_of(request).get("left_due_on", ""),
        said=said,
    )


def safe_contact(request: Request) -> Response:
    """The patient, asked alone, says that messages may be sent here."""
    with handoff_scope(request) as scope:
        record_safe_contact(scope.session, scope.staff, scope.handoff.id, scope.now)
    return lead_to(request, f"/handoffs/{scope.handoff.id}")


def typing(request: Request) -> Response:
    """The coordinator is writing. Who doesn't hold it is told when they send."""
    with handoff_scope(request) as scope:
        if scope.holds:
            handoffs.staff_typing(scope.session, scope.staff, scope.handoff.id, scope.now)
    return Response(status_code=NO_CONTENT)


def read(request: Request) -> Response:
    """The holder has seen the messages up to a number."""
    seq = form_of(request).get("seq", "")
    with handoff_scope(request) as scope:
        if isinstance(seq, str) and seq.isascii() and seq.isdigit() and len(seq) < 10:
            handoffs.mark_read(scope.session, scope.staff, scope.handoff.id, int(seq))
    return Response(status_code=NO_CONTENT)


def show_identifier(request: Request) -> Response:
    """The value behind a token, in place of its button."""
    token = str(form_of(request).get("token", ""))
    with handoff_scope(request) as scope:
        value = reveal(scope.session, scope.staff, scope.handoff.id, token, scope.now)
    return fragment(request, "_chat_revealed.html.j2", value=value)


def translate_again(request: Request) -> Response:
    """Ask once more for a translation that failed; it comes by a live event."""
    number = str(form_of(request).get("message", ""))
    with handoff_scope(request) as scope:
        message = scope.session.get(Message, int(number)) if number.isdigit() else None
        if message is not None and message.conversation_id == scope.handoff.conversation_id:
            retry_translation(scope.session, message.id)
    return fragment(request, "_chat_translating.html.j2")


def _post(name: str, handler: Callable[[Request], Response]) -> Route:
    return Route(f"/handoffs/{{handoff_id}}/{name}", handler, methods=["POST"])


routes = [
    _post("release", release),
    _post("transfer", transfer),
    _post("accept", accept),
    _post("decline", decline),
    _post("cancel-transfer", cancel_transfer),
    _post("resolve", resolve),
    _post("safe-contact", safe_contact),
    _post("typing", typing),
    _post("read", read),
    _post("reveal", show_identifier),
    _post("translate", translate_again),
]
