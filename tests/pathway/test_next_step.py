"""Who holds each state, when it is chased, and what suspected cancer and a stale feed change."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from bot.pathway.facts import AppointmentFacts, ChaseIntervals, ReferralFacts
from bot.pathway.limits import Holder
from bot.pathway.next_step import NextStep, next_step
from bot.pathway.states import State

GP, HOSPITAL, PATIENT = Holder.GP_PRACTICE, Holder.HOSPITAL, Holder.PATIENT
WEDNESDAY = date(2026, 5, 6)
WORKING_DAYS_OFF = 2  # a chase date that falls on a weekend moves to Monday


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc)


def facts(state: State, **more: object) -> ReferralFacts:
    known = {"since": WEDNESDAY, "referred_on": WEDNESDAY, "checked_at": at(WEDNESDAY)}
    return ReferralFacts(state=state, **{**known, **more})  # type: ignore[arg-type]


def step_on(day: date, given: ReferralFacts) -> NextStep:
    return next_step(replace(given, checked_at=at(day, 6)), at(day))


# state, holder, whom, patient acts, days until the chase date when all began on one Wednesday
TABLE = [
    (State.GP_NOT_SENT, GP, GP, False, 14),
    (State.ADVICE_REQUESTED, HOSPITAL, GP, False, 14),
    (State.ADVICE_BACK_WITH_GP, GP, GP, True, 7),
    (State.TO_BOOK, PATIENT, GP, True, 7),
    (State.HOSPITAL_TO_BOOK, HOSPITAL, HOSPITAL, False, 14),
    (State.IN_TRIAGE, HOSPITAL, HOSPITAL, False, 14),
    (State.ACCEPTED_TO_BOOK, HOSPITAL, HOSPITAL, False, 28),
    (State.RETURNED_TO_GP, GP, GP, True, 7),
    (State.REJECTED, GP, GP, True, 3 + WORKING_DAYS_OFF),
    (State.WAITING_LIST, HOSPITAL, HOSPITAL, False, 126),
    (State.APPOINTMENT_OFFERED, PATIENT, HOSPITAL, True, 3 + WORKING_DAYS_OFF),
    (State.BOOKED, PATIENT, HOSPITAL, True, 2),
    (State.CHANGE_PENDING, HOSPITAL, HOSPITAL, False, 7),
    (State.CANCELLED_BY_PATIENT, PATIENT, HOSPITAL, True, 7),
    (State.CANCELLED_BY_HOSPITAL, PATIENT, HOSPITAL, True, 14),
    (State.MISSED, HOSPITAL, HOSPITAL, True, 0),
    (State.RESULTS_AWAITED, HOSPITAL, HOSPITAL, False, 42),
    (State.ADMISSION_BOOKED, PATIENT, HOSPITAL, True, 2),
    (State.FOLLOW_UP, HOSPITAL, HOSPITAL, False, 42),
    (State.DISCHARGED, GP, GP, False, 14),
    (State.REFERRAL_CANCELLED, GP, GP, True, 0),
    (State.CANNOT_SEE, Holder.NOBODY_KNOWN, GP, True, 7),
]
NEVER_LATE = {
    State.BOOKED,
    State.ADMISSION_BOOKED,
    State.MISSED,
    State.REFERRAL_CANCELLED,
    State.FOLLOW_UP,
    State.DISCHARGED,
    State.CANNOT_SEE,
}


def test_the_table_has_every_state() -> None:
    assert [row[0] for row in TABLE] == list(State)


@pytest.mark.parametrize(("state", "holder", "whom", "acts", "days"), TABLE)
def test_state_has_its_holder_chase_date_and_contact(
    state: State, holder: Holder, whom: Holder, acts: bool, days: int
) -> None:
    step = step_on(WEDNESDAY, facts(state))
    assert (step.holder, step.chase_whom, step.patient_acts) == (holder, whom, acts)
    assert step.chase_on == WEDNESDAY + timedelta(days=days)
    assert (step.overdue, step.urgent, step.stale, step.same_day_task) == (False,) * 4


@pytest.mark.parametrize(
    ("state", "days"),
    [(row[0], row[4]) for row in TABLE if row[0] not in NEVER_LATE],
)
def test_state_is_overdue_from_the_day_after_its_limit(state: State, days: int) -> None:
    limit = WEDNESDAY + timedelta(days=days)
    if state in {State.REJECTED, State.APPOINTMENT_OFFERED}:
        limit -= timedelta(days=WORKING_DAYS_OFF)
    assert not step_on(limit, facts(state)).overdue
    late = step_on(limit + timedelta(days=1), facts(state))
    assert late.overdue
    assert late.chase_on >= limit + timedelta(days=1)
    assert not late.same_day_task


@pytest.mark.parametrize("state", sorted(NEVER_LATE))
def test_state_without_a_limit_is_never_overdue(state: State) -> None:
    assert not step_on(WEDNESDAY + timedelta(days=400), facts(state)).overdue


@pytest.mark.parametrize("state", list(State))
def test_a_stale_record_judges_nothing_overdue_and_still_names_a_day(state: State) -> None:
    now = at(WEDNESDAY + timedelta(days=300))
    step = next_step(facts(state, checked_at=now - timedelta(hours=24, minutes=1)), now)
    assert (step.stale, step.overdue) == (True, False)
    assert step.chase_on >= now.date()


def test_a_record_of_24_hours_is_not_stale_yet() -> None:
    now = at(WEDNESDAY + timedelta(days=300))
    step = next_step(facts(State.IN_TRIAGE, checked_at=now - timedelta(hours=24)), now)
    assert (step.stale, step.overdue) == (False, True)


def test_review_due_date_in_triage_is_the_limit_and_the_clinic_is_called() -> None:
    due = WEDNESDAY + timedelta(days=20)
    given = facts(State.IN_TRIAGE, review_due=due)
    assert step_on(WEDNESDAY, given).chase_on == due
    assert step_on(due, given).overdue is False
    late = step_on(due + timedelta(days=1), given)
    assert (late.overdue, late.chase_whom, late.standard) == (True, HOSPITAL, "review_due")


def test_accepted_referral_is_chased_at_18_weeks_when_that_is_sooner() -> None:
    start = WEDNESDAY - timedelta(days=120)
    step = step_on(WEDNESDAY, facts(State.ACCEPTED_TO_BOOK, clock_start=start))
    assert (step.chase_on, step.standard) == (start + timedelta(days=126), "18_weeks")


def test_a_state_without_its_date_is_chased_but_not_called_late() -> None:
    given = facts(State.TO_BOOK, since=None, referred_on=WEDNESDAY - timedelta(days=90))
    step = step_on(WEDNESDAY, given)
    assert (step.chase_on, step.overdue) == (WEDNESDAY, False)


def test_carl_means_that_the_hospital_rebooks() -> None:
    step = step_on(WEDNESDAY, facts(State.CANCELLED_BY_HOSPITAL, reason="CARL"))
    assert (step.holder, step.patient_acts) == (HOSPITAL, False)


def test_an_appointment_is_cancelled_by_two_days_before_on_a_working_day() -> None:
    monday_after = AppointmentFacts(starts_at=at(date(2026, 5, 18), 14))
    step = step_on(WEDNESDAY, facts(State.BOOKED, appointment=monday_after))
    assert step.chase_on == date(2026, 5, 15)


def test_a_past_appointment_is_with_the_hospital_and_late_after_two_weeks() -> None:
    given = facts(State.BOOKED, appointment=AppointmentFacts(starts_at=at(WEDNESDAY)))
    step = step_on(WEDNESDAY + timedelta(days=1), given)
    assert (step.past, step.holder, step.overdue) == (True, HOSPITAL, False)
    assert step_on(WEDNESDAY + timedelta(days=15), given).overdue


def test_chase_day_on_the_eve_of_an_appointment_is_not_after_it() -> None:
    saturday = date(2026, 5, 9)
    given = facts(State.BOOKED, appointment=AppointmentFacts(starts_at=at(date(2026, 5, 10), 14)))
    assert step_on(saturday, given).chase_on == saturday


URGENT_EVENTS = [
    State.RETURNED_TO_GP,
    State.REJECTED,
    State.CANCELLED_BY_PATIENT,
    State.CANCELLED_BY_HOSPITAL,
    State.MISSED,
    State.REFERRAL_CANCELLED,
]


@pytest.mark.parametrize("state", URGENT_EVENTS)
def test_an_urgent_referral_that_fell_out_opens_a_same_day_task(state: State) -> None:
    step = step_on(WEDNESDAY, facts(state, priority="two_week_wait"))
    assert (step.chase_on, step.same_day_task, step.urgent) == (WEDNESDAY, True, True)


URGENT_CONTACT = [
    State.ADVICE_REQUESTED,
    State.ADVICE_BACK_WITH_GP,
    State.TO_BOOK,
    State.HOSPITAL_TO_BOOK,
    State.IN_TRIAGE,
    State.ACCEPTED_TO_BOOK,
    State.WAITING_LIST,
]


@pytest.mark.parametrize("state", URGENT_CONTACT)
def test_urgent_referral_without_contact_for_14_days_goes_to_the_gp_surgery(state: State) -> None:
    last_day = WEDNESDAY + timedelta(days=14)
    given = facts(state, priority="two_week_wait", since=last_day)
    before = step_on(last_day, given)
    after = step_on(last_day + timedelta(days=1), given)
    assert (before.chase_on, before.chase_whom, before.overdue) == (last_day, GP, False)
    assert (after.chase_whom, after.overdue, after.same_day_task) == (GP, True, True)
    assert after.standard == "14_days"


def test_urgent_review_due_goes_first_until_the_14_days_have_passed() -> None:
    due = WEDNESDAY + timedelta(days=5)
    given = facts(State.IN_TRIAGE, priority="two_week_wait", review_due=due)
    assert step_on(due + timedelta(days=1), given).chase_whom is HOSPITAL
    assert step_on(WEDNESDAY + timedelta(days=15), given).chase_whom is GP


def test_urgent_referral_not_sent_is_asked_about_on_the_next_working_day() -> None:
    friday = date(2026, 5, 8)
    given = facts(State.GP_NOT_SENT, priority="two_week_wait", since=friday, referred_on=friday)
    step = step_on(friday, given)
    assert (step.chase_on, step.overdue) == (date(2026, 5, 11), False)
    late = step_on(date(2026, 5, 12), given)
    assert (late.overdue, late.same_day_task) == (True, True)


def test_urgent_result_is_due_on_day_28_from_the_referral() -> None:
    given = facts(
        State.RESULTS_AWAITED, priority="two_week_wait", since=WEDNESDAY + timedelta(days=10)
    )
    step = step_on(WEDNESDAY + timedelta(days=11), given)
    assert step.chase_on == WEDNESDAY + timedelta(days=28)
    assert step_on(WEDNESDAY + timedelta(days=29), given).same_day_task


@pytest.mark.parametrize("state", list(State))
def test_18_weeks_is_never_the_standard_of_an_urgent_referral(state: State) -> None:
    step = step_on(WEDNESDAY, facts(state, priority="two_week_wait", clock_start=WEDNESDAY))
    assert step.standard != "18_weeks"


def test_intervals_are_settings() -> None:
    given = facts(State.IN_TRIAGE)
    step = next_step(given, at(WEDNESDAY), ChaseIntervals(in_triage_days=5))
    assert step.chase_on == WEDNESDAY + timedelta(days=5)
