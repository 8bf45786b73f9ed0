"""Referrals: one row for one UBRN, whichever feeds tell of it. Called by `importer`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from bot.fhir.records import CarePlanRecord, ReferralRecord
from bot.fhir.references import Origin
from bot.pathway.states import State
from bot.records.models import Patient, Referral, ReferralState
from bot.services.import_records.age import Age, age
from bot.services.import_records.news import note_move
from bot.services.import_records.organisations import organisation_id
from bot.services.import_records.patients import patient
from bot.services.import_records.run import Run, Unusable

ANOTHERS = "its UBRN belongs to another patient in the records. Check with the sender."
PLAIN = (
    "referred_on",
    "clock_start",
    "priority",
    "specialty",
    "specialty_code",
    "interpreter_requested",
    "planned_wait_weeks",
    "p80_wait_weeks",
)


def write_referral(run: Run, record: ReferralRecord) -> bool:
    """Insert or update one referral. True when something changed."""
    person = patient(run, record.patient, record.origin.file)
    row = find_row(run, record.ubrn, record.origin.source, record.source_id)
    if row is None:
        row = _make(run, person, record.ubrn, record.origin, record.source_id)
        run.moves[row.id].own = True
    else:
        _same_patient(run, row, person)
        if not _is_news(run, row, record):
            run.know_referral(row, *record.keys)
            return False
    run.know_referral(row, *record.keys)
    row.ubrn = row.ubrn or record.ubrn
    if row.source != record.origin.source:
        row.source_version = None  # the versions of another feed count something else
    row.source, row.source_id = record.origin.source, record.source_id
    row.checked_at = max(row.checked_at, run.now)
    _copy(run, row, record)
    state = State.CANNOT_SEE if record.problem else record.state
    before = row.state
    if state is not None:
        move = run.move(row, state)
        move.since, move.version = record.since, record.origin.version
        move.own, move.as_of = True, record.origin.as_of
        row.state_reason = record.reason
    if row.state != before or record.review_due is not None:
        row.review_due = record.review_due
    row.digest = record.digest()
    _seen(row, record.origin)
    if record.problem:
        run.reject(record.origin, record.problem)
    return True


def write_older(run: Run, record: ReferralRecord) -> bool:
    """What an entry that isn't the newest adds: what no other feed says.

    Raises:
        Unusable: it is about another patient.
    """
    person = patient(run, record.patient, record.origin.file)
    row = find_row(run, record.ubrn, record.origin.source, record.source_id)
    if row is None:
        return write_referral(run, record)  # the newest entry couldn't be used
    _same_patient(run, row, person)
    run.know_referral(row, *record.keys)
    if row.source != record.origin.source:
        _copy(run, row, record, only_gaps=True)
    return False


def find_row(run: Run, number: str | None, source: str, source_id: str) -> Referral | None:
    """The referral of a UBRN, else of an id within its feed."""
    if number:
        row = run.session.scalars(select(Referral).filter_by(ubrn=number)).first()
        if row:
            return row
    statement = select(Referral).filter_by(source=source, source_id=source_id)
    row = run.session.scalars(statement).first()
    return None if row and number and row.ubrn else row


def linked(run: Run, keys: Iterable[str], number: str | None = None) -> Referral | None:
    """The referral that others refer to by one of `keys`; None when it isn't known."""
    for key in (*keys, *([f"ubrn:{number}"] if number else [])):
        if key in run.referral_ids:
            return run.session.get(Referral, run.referral_ids[key])
        kind, _, own_id = key.partition(":")
        statement = {
            "ubrn": select(Referral).filter_by(ubrn=own_id),
            "pathway": select(Referral).filter_by(source_id=own_id),
            "request": select(Referral).where(
                Referral.source_id.in_((own_id, f"r.{own_id}", f"a.{own_id}"))
            ),
        }.get(kind)
        found = run.session.scalars(statement).all() if statement is not None else []
        if len(found) == 1:
            return found[0]
    return None


def make_from(
    run: Run, person: Patient, record: CarePlanRecord | Any, source_id: str, state: State
) -> Referral:
    """A referral that is known only from a care plan, or from an appointment with its UBRN."""
    row = _make(run, person, record.ubrn, record.origin, source_id)
    move = run.move(row, state)
    move.version, move.as_of = record.origin.version, record.origin.as_of
    _copy(run, row, record)
    _seen(row, record.origin)
    return row


def _make(
    run: Run, person: Patient, number: str | None, origin: Origin, source_id: str
) -> Referral:
    row = Referral(
        patient_id=person.id,
        source=origin.source,
        source_id=source_id,
        ubrn=number,
        state=State.CANNOT_SEE.value,
        priority="routine",
        checked_at=run.now,
    )
    run.session.add(row)
    run.session.flush()
    run.move(row, State.CANNOT_SEE).before = None
    return row


def _same_patient(run: Run, row: Referral, person: Patient) -> None:
    """Refuse an entry about another patient; follow one whose NHS number was replaced."""
    if row.patient_id == person.id:
        return
    known = run.session.get(Patient, row.patient_id)
    if known and known.superseded_by and known.superseded_by == person.nhs_number:
        row.patient_id = person.id
    elif not (person.superseded_by and known and person.superseded_by == known.nhs_number):
        raise Unusable(ANOTHERS)


def _is_news(run: Run, row: Referral, record: ReferralRecord) -> bool:
    """Whether an entry changes a known row; refreshes what says when it was seen, if not."""
    digest = record.digest()
    was_advice = is_advice(row)
    if was_advice != record.advice and row.digest is not None:
        if record.advice:
            run.outdated.add(row.id)
        return was_advice
    verdict = age(record.origin, row, row.source == record.origin.source)
    if verdict is Age.OLDER:
        run.outdated.add(row.id)
        return False
    if row.digest != digest:
        return True
    row.checked_at = max(row.checked_at, run.now)
    _seen(row, record.origin)
    _copy(run, row, record, only_gaps=True)
    if record.problem:
        run.reject(record.origin, record.problem)
    return False


def is_advice(row: Referral) -> bool:
    """Whether the row is a request for advice so far: its id in e-RS starts with `a.`."""
    return str(row.source_id).startswith("a.")


def _copy(run: Run, row: Referral, record: Any, only_gaps: bool = False) -> None:
    """Take over what the record says; None erases nothing."""
    said = {name: getattr(record, name, None) for name in PLAIN}
    said["provider_id"] = organisation_id(run, record.provider)
    said["referrer_id"] = organisation_id(run, getattr(record, "referrer", None))
    for name, value in said.items():
        if value is not None and not (only_gaps and getattr(row, name) is not None):
            setattr(row, name, value)


def _seen(row: Referral, origin: Origin) -> None:
    known, seen = row.source_updated_at, origin.as_of
    row.source_version = origin.version or row.source_version
    row.source_updated_at = max(known, seen) if known and seen else known or seen


def write_history(run: Run) -> None:
    """One row of history for each referral whose state this import moved, or that is new."""
    for row_id, move in run.moves.items():
        row = run.session.get(Referral, row_id)
        if row is None or row.state == move.before:
            continue
        seen = run.today if move.before is not None else None
        since = min(move.since, run.today) if move.since else seen
        row.state_since = since
        moved = ReferralState(
            referral_id=row.id,
            state=row.state,
            reason=row.state_reason,
            since=since,
            source_version=move.version,
            recorded_at=run.now,
        )
        run.session.add(moved)
        run.session.flush()
        note_move(run, row, moved, move.before)
