"""Appointments, and what they mean for their referral. Called by `importer` after the referrals."""

from __future__ import annotations

from sqlalchemy import select

from bot.fhir.records import AppointmentRecord
from bot.pathway.appointment_states import from_appointment
from bot.pathway.states import State
from bot.records.models import Appointment, Patient, Referral
from bot.services.import_records.age import Age, age
from bot.services.import_records.organisations import organisation_id
from bot.services.import_records.patients import NO_NUMBER, patient
from bot.services.import_records.referrals import ANOTHERS, linked, make_from
from bot.services.import_records.run import Move, Run, Unusable
from bot.services.import_records.supplements import CLOSED, may_move, seen, shift, supplement_age

STANDING = ("booked", "change_pending", "offered")
PLAIN = ("starts_at", "ends_at", "medium", "clinic", "address", "instructions", "specialty")
CLOSED_BY = {
    State.CANCELLED_BY_PATIENT.value: "cancelled_by_patient",
    State.CANCELLED_BY_HOSPITAL.value: "cancelled_by_hospital",
}
NO_LONGER_BOOKED = frozenset(
    state.value
    for state in (
        State.CANCELLED_BY_PATIENT,
        State.CANCELLED_BY_HOSPITAL,
        State.REFERRAL_CANCELLED,
        State.REJECTED,
        State.RETURNED_TO_GP,
        State.TO_BOOK,
        State.HOSPITAL_TO_BOOK,
        State.ACCEPTED_TO_BOOK,
        State.IN_TRIAGE,
    )
)


def write_appointment(run: Run, record: AppointmentRecord) -> bool:
    """Insert or update one appointment. True when something changed."""
    if run.in_refused(record.origin):
        raise Unusable("what it lies in can't be used.")
    referral = linked(run, record.referral_keys, record.ubrn)
    number = run.number_of(record.patient, record.origin.file)
    if number is None and referral is None:
        raise Unusable(NO_NUMBER)
    if number is None:
        person = run.session.get(Patient, referral.patient_id)  # type: ignore[union-attr]
    else:
        person = patient(run, record.patient, record.origin.file)
    if referral is not None and referral.patient_id != person.id:
        raise Unusable(ANOTHERS)
    if referral is not None:
        verdict = supplement_age(run, record.origin, referral)
        if record.origin.referral_version and verdict is Age.OLDER:
            return False
        if verdict is not Age.OLDER:
            seen(run, referral, record.origin)
    row = _find(run, record, referral)
    if row is not None and row.patient_id != person.id:
        raise Unusable("its id belongs to another patient's appointment. Check with the sender.")
    if row is None and record.origin.contained and record.status == "proposed":
        return False  # e-RS: deferred or in triage, no date offered
    referral = referral or _referral_by_ubrn(run, record, person)
    own = row is None or (row.source, row.source_id) == (record.origin.source, record.source_id)
    changed = _write(run, row, record, person, referral) if own else _merge(run, row, record)
    if referral is not None and record.urgent and referral.priority != "two_week_wait":
        referral.priority, changed = "two_week_wait", True
    return changed


def _find(run: Run, record: AppointmentRecord, referral: Referral | None) -> Appointment | None:
    """By its id in the feed, else as the referral's appointment at the same time (other feeds)."""
    by_id = select(Appointment).filter_by(source=record.origin.source, source_id=record.source_id)
    row = run.session.scalars(by_id).first()
    if row is None and referral is not None and record.starts_at is not None:
        same = select(Appointment).filter_by(referral_id=referral.id, starts_at=record.starts_at)
        row = run.session.scalars(same.where(Appointment.source != record.origin.source)).first()
    return row


def _referral_by_ubrn(run: Run, record: AppointmentRecord, person: Patient) -> Referral | None:
    """A UBRN proves that there is a referral, though no feed has told of it yet."""
    state = state_meant(run, record, False)
    if not record.ubrn or state is None:
        return None
    row = make_from(run, person, record, record.ubrn, state)
    run.know_referral(row, *record.referral_keys)
    return row


def _write(
    run: Run,
    row: Appointment | None,
    record: AppointmentRecord,
    person: Patient,
    referral: Referral | None,
) -> bool:
    digest = record.digest()
    if row is not None:
        verdict = age(record.origin, row, same_feed=True)
        if verdict is Age.OLDER:
            return False
        if row.digest == digest:
            newly_linked = row.referral_id is None and referral is not None
            row.referral_id = row.referral_id or (referral and referral.id)
            row.checked_at = max(row.checked_at, run.now)
            _seen(row, record)
            run.judged[row.id] = (record, newly_linked)
            return newly_linked
    new = row is None
    if row is None:
        row = Appointment(source=record.origin.source, source_id=record.source_id)
        row.patient_id, row.checked_at = person.id, run.now
        run.session.add(row)
    else:
        run.remember(row)
    row.referral_id = referral.id if referral is not None else row.referral_id
    row.status, row.admission = record.status, record.admission
    row.checked_at = max(row.checked_at, run.now)
    for name in PLAIN:
        said = getattr(record, name)
        if said is not None or (name == "starts_at" and record.status == "proposed"):
            setattr(row, name, said)
    row.provider_id = organisation_id(run, record.provider) or row.provider_id
    row.digest = digest
    _seen(row, record)
    run.session.flush()
    if new:
        run.remember(row, new=True)
    run.judged[row.id] = (record, True)
    return True


def _merge(run: Run, row: Appointment | None, record: AppointmentRecord) -> bool:
    """The same appointment from another feed: it fills gaps; newer, it sets the status."""
    assert row is not None
    run.remember(row)
    changed = False
    for name in PLAIN:
        said = getattr(record, name)
        if said is not None and getattr(row, name) is None:
            setattr(row, name, said)
            changed = True
    if row.provider_id is None:
        row.provider_id = organisation_id(run, record.provider)
        changed = changed or row.provider_id is not None
    if row.status != record.status and age(record.origin, row, same_feed=False) is Age.NEWER:
        row.status, changed = record.status, True
        row.source_updated_at = record.origin.as_of
        run.judged[row.id] = (record, True)
    return changed


def _seen(row: Appointment, record: AppointmentRecord) -> None:
    row.source_version = record.origin.version or row.source_version
    known, seen = row.source_updated_at, record.origin.as_of
    row.source_updated_at = max(known, seen) if known and seen else known or seen


def state_meant(run: Run, record: AppointmentRecord, care_plan: bool) -> State | None:
    """The state that an appointment means for its referral; None when none."""
    return from_appointment(
        record.feed_status,
        request_status=record.request_status,
        encounter_class=record.encounter_class,
        past=record.starts_at < run.now if record.starts_at else None,
        outcome=record.outcome,
        reason=record.reason,
        cancelled_by=record.cancelled_by,
        diagnostic=record.diagnostic,
        care_plan_active=care_plan,
    )


def move_referrals(run: Run) -> None:
    """Let the appointment that counts move each referral: the next one, else the last."""
    touched = set()
    for row_id, (_, news) in run.judged.items():
        known = run.session.get(Appointment, row_id)
        if known and known.referral_id and (news or known.referral_id in run.moves):
            touched.add(known.referral_id)
    for referral_id in sorted(touched):
        referral = run.session.get(Referral, referral_id)
        row = _the_one_that_counts(run, referral)
        record, news = run.judged.get(row.id, (None, False)) if row else (None, False)
        if referral is None or record is None:
            continue
        if not news and referral.state != State.CANNOT_SEE.value:
            continue
        on_list = referral.id in run.care_plan_ids or referral.state == State.WAITING_LIST.value
        state = state_meant(run, record, on_list)
        verdict = supplement_age(run, record.origin, referral)
        allowed = frozenset(State) - CLOSED
        if referral.source == "ers" and record.origin.source == "ers":
            allowed = frozenset({State.CANNOT_SEE})
        if state is not None and may_move(referral, verdict, allowed):
            shift(run, referral, state, record.origin)
            referral.state_reason = record.reason if state is not State.BOOKED else None


def _the_one_that_counts(run: Run, referral: Referral | None) -> Appointment | None:
    if referral is None:
        return None
    rows = run.session.scalars(select(Appointment).filter_by(referral_id=referral.id)).all()
    dated = sorted((r for r in rows if r.starts_at), key=lambda r: (r.starts_at, r.id))
    coming = [r for r in dated if r.starts_at >= run.now and r.status in STANDING]
    undated = sorted((r for r in rows if not r.starts_at), key=lambda r: r.id)
    return next(iter([*coming, *reversed(dated), *undated]), None)


def close_appointments(run: Run) -> None:
    """Mark appointments that a referral's own new state says no longer stand.

    Else a patient would be told of a date that e-RS has taken back. Those that this import has
    seen, or that were seen later than the referral, stand as their feed says.
    """
    for referral_id, move in run.moves.items():
        referral = run.session.get(Referral, referral_id)
        if referral is None or not move.own or move.before in (None, referral.state):
            continue
        for row in run.session.scalars(select(Appointment).filter_by(referral_id=referral_id)):
            if row.id in run.judged or row.status not in STANDING or _seen_later(row, move):
                continue
            run.remember(row)
            past = row.starts_at is not None and row.starts_at < run.now
            if referral.state == State.MISSED.value and past:
                row.status = "missed"
            elif referral.state in NO_LONGER_BOOKED and not past:
                row.status = CLOSED_BY.get(referral.state, "cancelled")


def _seen_later(row: Appointment, move: Move) -> bool:
    return bool(row.source_updated_at and move.as_of and row.source_updated_at > move.as_of)
