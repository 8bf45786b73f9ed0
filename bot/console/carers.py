"""/patients/{id}: people who may ask for a patient. Only staff record access, and withdraw it.

Whoever may see a hand-off of the patient may open the page; each view and change is audited.
Records that may not be told are not found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import times
from bot.console.carer_forms import AccessForm, WithdrawForm
from bot.console.chat_actions import CONFLICT, UNREADABLE
from bot.console.pages import page
from bot.console.queue_rows import patient_name
from bot.console.scope import ID
from bot.console.security import form_of, staff_of
from bot.console.words import BASES, SCOPES, WITHDRAWAL_REASONS
from bot.errors import NotFound, Refused
from bot.records.base import utc_now
from bot.records.carer_models import CarerAccess
from bot.records.models import Patient
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.records.staff_queries import patient_seen_by
from bot.services.audit import audit
from bot.services.carers import access_is_valid
from bot.services.carers.ending import withdraw_access
from bot.services.carers.recording import record_access
from bot.services.site_days import local_day
from bot.services.who_may_be_told import record_is_open

DONE = {"recorded": "Recorded. This person can now ask for the patient.", "ended": "Withdrawn."}


@dataclass(frozen=True)
class Access:
    """One access in words. valid: whether it holds now; ended: what became of it."""

    id: str
    name: str
    facts: tuple[tuple[str, str], ...]
    valid: bool
    ended: str | None


@dataclass(frozen=True)
class Scope:
    """Who looks at which patient, in which transaction."""

    session: Session
    staff: Staff
    patient: Patient
    now: datetime

    @property
    def today(self) -> date:
        """Where the site is."""
        return local_day(self.now)


@contextmanager
def _patient_scope(request: Request) -> Iterator[Scope]:
    """A transaction on the patient that the address names.

    Raises:
        NotFound: none that the reader may see; the try is audited.
    """
    asked_for = request.path_params["patient_id"]
    known = bool(ID.fullmatch(asked_for))
    with transaction() as session:
        staff = session.get(Staff, staff_of(request).id)
        try:
            patient = patient_seen_by(session, staff, asked_for) if known else None
        except NotFound:
            patient = None
        if patient is not None and record_is_open(patient):
            yield Scope(session, staff, patient, utc_now())
            return
        audit(
            session, f"staff:{staff.id}", "patient_refused", "patient", asked_for if known else None
        )
    raise NotFound("There is no such patient in your teams' hand-offs. Go back to the queue.")


def show(request: Request) -> Response:
    """The page; the view is audited."""
    with _patient_scope(request) as scope:
        staff = f"staff:{scope.staff.id}"
        audit(scope.session, staff, "carers_viewed", "patient", scope.patient.id)
    said = DONE.get(request.query_params.get("done", ""))
    return _page(request, said=said)


def record(request: Request) -> Response:
    """Record one access, or say field by field what is missing."""
    form = AccessForm(form_of(request))
    try:
        with _patient_scope(request) as scope:
            recorded = form.recorded(scope.patient.birth_date, scope.today)
            if recorded is not None:
                record_access(scope.session, scope.staff, scope.patient, *recorded, scope.now)
    except Refused as refused:
        return _page(request, CONFLICT, form=form, errors={"given_name": str(refused)})
    if recorded is None:
        return _page(request, UNREADABLE, form=form, errors=form.problems())
    return _done(request, "recorded")


def withdraw(request: Request) -> Response:
    """End one access at once."""
    form, access_id = WithdrawForm(form_of(request)), request.path_params["access_id"]
    if not form.validate():
        errors = {f"reason-{access_id}": str(form.reason.errors[0])}
        return _page(request, UNREADABLE, errors=errors, withdrawing=access_id)
    with _patient_scope(request) as scope:
        withdraw_access(
            scope.session, scope.staff, scope.patient, access_id, form.reason.data, scope.now
        )
    return _done(request, "ended")


def _done(request: Request, what: str) -> Response:
    """Back to the page, so that loading it again records nothing twice."""
    address = f"/patients/{request.path_params['patient_id']}?done={what}"
    return RedirectResponse(address, status_code=303)


def _page(
    request: Request,
    status_code: int = 200,
    *,
    form: AccessForm | None = None,
    errors: dict[str, str] | None = None,
    withdrawing: str | None = None,
    said: str | None = None,
) -> Response:
    with _patient_scope(request) as scope:
        values: dict[str, Any] = {
            "patient_id": scope.patient.id,
            "name": patient_name(scope.patient),
            "born": times.day(scope.patient.birth_date),
            "people": _people(scope),
        }
        if form is None:
            form = AccessForm()
            form.suggest(scope.today)
    return page(
        request,
        "patient.html.j2",
        status_code=status_code,
        form=form,
        errors=errors or {},
        withdrawing=withdrawing,
        said=said,
        reasons=list(WITHDRAWAL_REASONS.items()),
        **values,
    )


def _people(scope: Scope) -> list[Access]:
    """All that was ever recorded, what holds first, then the newest."""
    rows = scope.session.execute(
        select(CarerAccess)
        .where(CarerAccess.patient_id == scope.patient.id)
        .order_by(CarerAccess.recorded_at.desc(), CarerAccess.id)
    ).scalars()
    return sorted((_access(row, scope) for row in rows), key=lambda one: one.ended is not None)


def _access(row: CarerAccess, scope: Scope) -> Access:
    staff = row.recorded_by
    facts = (
        ("By what right", BASES[row.basis]),
        ("What may be told", SCOPES[row.scope]),
        ("Review date", times.day(row.review_on)),
        ("Asked alone", "Yes" if row.asked_alone else "No"),
        ("Professional interpreter", "Yes, or not needed" if row.interpreter_used else "No"),
        (
            "Recorded by",
            f"{staff.first_name} {staff.family_name}, {times.exact(row.recorded_at, scope.now)}",
        ),
    )
    return Access(
        id=row.id,
        name=f"{row.carer.given_name} {row.carer.family_name}",
        facts=facts,
        valid=access_is_valid(row, scope.patient, scope.today),
        ended=_ended(row, scope.now) if row.ended_at else None,
    )


def _ended(row: CarerAccess, now: datetime) -> str:
    why = WITHDRAWAL_REASONS.get(row.ended_reason, row.ended_reason.capitalize())
    return f"Ended {times.exact(row.ended_at, now)}: {why}"


routes = [
    Route("/patients/{patient_id}", show),
    Route("/patients/{patient_id}/carers", record, methods=["POST"]),
    Route("/patients/{patient_id}/carers/{access_id}/withdraw", withdraw, methods=["POST"]),
]
