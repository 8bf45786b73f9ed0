"""What hangs on a referral and may move it: care plans, tasks, advice messages.

Called by `importer` after the referrals. Rule 4 of the package's docstring.
"""

from __future__ import annotations

from datetime import date

from bot.fhir.records import AdviceMessageRecord, CarePlanRecord, TaskRecord
from bot.fhir.references import Origin
from bot.pathway.states import State
from bot.records.models import Referral
from bot.services.import_records.age import Age, age
from bot.services.import_records.organisations import organisation_id
from bot.services.import_records.patients import patient
from bot.services.import_records.referrals import ANOTHERS, find_row, is_advice, linked, make_from
from bot.services.import_records.run import Run, Unusable

BEFORE_BOOKING = frozenset(
    {
        State.CANNOT_SEE,
        State.GP_NOT_SENT,
        State.TO_BOOK,
        State.HOSPITAL_TO_BOOK,
        State.IN_TRIAGE,
        State.ACCEPTED_TO_BOOK,
        State.WAITING_LIST,
    }
)
DEFERRABLE = BEFORE_BOOKING - {State.ACCEPTED_TO_BOOK, State.WAITING_LIST}
BEFORE_FOLLOW_UP = frozenset({State.CANNOT_SEE, State.WAITING_LIST, State.RESULTS_AWAITED})
CLOSED = frozenset(
    {State.REFERRAL_CANCELLED, State.DISCHARGED, State.REJECTED, State.RETURNED_TO_GP}
)
WITH_A_DUE_DATE = frozenset({State.HOSPITAL_TO_BOOK, State.IN_TRIAGE, State.ACCEPTED_TO_BOOK})
NO_REFERRAL = "the referral that it belongs to is not in the records. Import that as well."


def supplement_age(run: Run, origin: Origin, row: Referral) -> Age:
    """The age of what hangs on a referral against it.

    Undated, it is as old as the referral's entry in the same import.
    """
    if origin.referral_version is not None and row.source == origin.source:
        verdict = age(origin, row, same_feed=True)
    else:
        verdict = age(origin, row, same_feed=False)
    if verdict is Age.UNKNOWN and origin.as_of is None and row.id in run.outdated:
        return Age.OLDER
    return verdict


def may_move(row: Referral, verdict: Age, allowed: frozenset[State]) -> bool:
    """Whether something of this age may move the referral from where it stands."""
    return verdict is Age.NEWER or (verdict is Age.UNKNOWN and State(row.state) in allowed)


def seen(run: Run, row: Referral, origin: Origin) -> None:
    """The feed that the referral is known from has told of it again."""
    if row.source == origin.source:
        row.checked_at = max(row.checked_at, run.now)


def shift(run: Run, row: Referral, state: State, origin: Origin, since: date | None = None) -> bool:
    """Move a referral. True when that changed it."""
    if row.state == state.value:
        return False
    move = run.move(row, state)
    move.since, move.version = since, origin.version
    row.state_reason = None
    if state not in WITH_A_DUE_DATE:
        row.review_due = None
    return True


def write_task(run: Run, record: TaskRecord) -> bool:
    """A triage or booking to finish: the state, and the day by which it should be done [R2]."""
    if record.state is None:
        return False
    row = linked(run, record.referral_keys)
    if row is None:
        raise Unusable(NO_REFERRAL)
    _about_same_patient(run, row, record)
    verdict = supplement_age(run, record.origin, row)
    if not run.first_word("task", row.id) or verdict is Age.OLDER:
        return False
    changed = False
    follow_up = record.state is State.FOLLOW_UP
    if may_move(row, verdict, BEFORE_FOLLOW_UP if follow_up else DEFERRABLE):
        changed = shift(run, row, record.state, record.origin)
    due = record.review_due
    if due and row.state == record.state.value and row.review_due != due:
        row.review_due = due
        changed = True
    return changed


def _about_same_patient(run: Run, row: Referral, record: TaskRecord) -> None:
    number = run.number_of(record.patient, record.origin.file)
    if number and patient(run, record.patient, record.origin.file).id != row.patient_id:
        raise Unusable(ANOTHERS)


def write_advice_message(run: Run, record: AdviceMessageRecord) -> bool:
    """Whose turn it is in a request for advice that is known. A referral isn't moved by it."""
    row = linked(run, record.referral_keys)
    if row is None:
        raise Unusable(NO_REFERRAL)
    since = record.since
    known = row.state_since or (row.source_updated_at and row.source_updated_at.date())
    if (
        not is_advice(row)
        or not run.first_word("advice", row.id)
        or (since and known and since < known)
    ):
        return False
    return shift(run, row, record.state, record.origin, since)


def write_care_plan(run: Run, record: CarePlanRecord) -> bool:
    """A place on a waiting list, with its waits: of the referral it names, else by itself."""
    person = patient(run, record.patient, record.origin.file)
    row = linked(run, (*record.referral_keys, *record.keys), record.ubrn)
    row = row or find_row(run, record.ubrn, record.origin.source, record.source_id)
    if row is not None and row.patient_id != person.id:
        raise Unusable(ANOTHERS)
    state = record.state
    if row is None:
        row = make_from(run, person, record, record.source_id, state or State.CANNOT_SEE)
        run.moves[row.id].since = record.since
        row.digest = record.digest()
        changed = run.first_word("care plan", row.id)
    else:
        changed = run.first_word("care plan", row.id) and _update(run, row, record)
    run.know_referral(row, *record.keys, *record.referral_keys)
    if state in (State.WAITING_LIST, State.FOLLOW_UP):
        run.care_plan_ids.add(row.id)
    return changed


def _update(run: Run, row: Referral, record: CarePlanRecord) -> bool:
    verdict = supplement_age(run, record.origin, row)
    if verdict is Age.OLDER:
        return False
    own = (row.source, row.source_id) == (record.origin.source, record.source_id)
    seen(run, row, record.origin)
    if own and row.digest == record.digest():
        return False
    changed = False
    provider = organisation_id(run, record.provider)
    for name, said, keep in (
        ("planned_wait_weeks", record.planned_wait_weeks, False),
        ("p80_wait_weeks", record.p80_wait_weeks, False),
        ("provider_id", provider, not own),
        ("specialty", record.specialty, not own),
        ("specialty_code", record.specialty_code, not own),
        ("referred_on", record.referred_on, not own),
    ):
        known = getattr(row, name)
        if said is not None and said != known and not (keep and known is not None):
            setattr(row, name, said)
            changed = True
    if record.priority == "two_week_wait" and row.priority != record.priority:
        row.priority, changed = record.priority, True
    if record.state and may_move(row, verdict, _movable(record.state, own)):
        changed = shift(run, row, record.state, record.origin, record.since) or changed
    if own:
        row.digest = record.digest()
        row.source_version = record.origin.version or row.source_version
        row.source_updated_at = record.origin.as_of or row.source_updated_at
        changed = True
    return changed


def _movable(state: State, own: bool) -> frozenset[State]:
    """From where a care plan may move a referral: an ended one from anywhere still open."""
    if own or state in CLOSED:
        return frozenset(State) - (frozenset() if own else CLOSED)
    return BEFORE_BOOKING
