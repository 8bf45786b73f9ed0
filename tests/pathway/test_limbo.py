"""What counts as limbo: what staff can do something about, and never 18 weeks alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pathway.facts import AppointmentFacts, ChaseIntervals, ReferralFacts
from bot.pathway.limbo import Limbo, Missing, limbo_of, may_be_late
from bot.pathway.limits import Holder
from bot.pathway.next_step import next_step
from bot.pathway.states import State
from bot.pathway.waiting import date_of_18_weeks

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=timezone.utc)
TODAY = NOW.date()
GP, HOSPITAL, PATIENT = Holder.GP_PRACTICE, Holder.HOSPITAL, Holder.PATIENT


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def facts(state: State, since: int | None = None, **more: object) -> ReferralFacts:
    known: dict[str, object] = {"checked_at": NOW - timedelta(hours=1)}
    if since is not None:
        known["since"] = ago(since)
    return ReferralFacts(state=state, **{**known, **more})  # type: ignore[arg-type]


# state, days since it began, what is missing, days late, whom staff chase
LATE = [
    (State.GP_NOT_SENT, 20, Missing.SENDING, 6, GP),
    (State.ADVICE_REQUESTED, 20, Missing.ADVICE, 6, HOSPITAL),
    (State.ADVICE_BACK_WITH_GP, 10, Missing.GP_DECISION, 3, GP),
    (State.TO_BOOK, 10, Missing.PATIENT_BOOKING, 3, PATIENT),
    (State.HOSPITAL_TO_BOOK, 20, Missing.BOOKING, 6, HOSPITAL),
    (State.IN_TRIAGE, 20, Missing.TRIAGE, 6, HOSPITAL),
    (State.ACCEPTED_TO_BOOK, 30, Missing.BOOKING, 2, HOSPITAL),
    (State.RETURNED_TO_GP, 10, Missing.GP_DECISION, 3, GP),
    (State.REJECTED, 10, Missing.GP_DECISION, 7, GP),
    (State.APPOINTMENT_OFFERED, 10, Missing.PATIENT_ANSWER, 7, PATIENT),
    (State.CHANGE_PENDING, 10, Missing.ANSWER_TO_CHANGE, 3, HOSPITAL),
    (State.CANCELLED_BY_PATIENT, 10, Missing.NEW_DATE, 3, PATIENT),
    (State.CANCELLED_BY_HOSPITAL, 20, Missing.NEW_DATE, 6, HOSPITAL),
    (State.RESULTS_AWAITED, 50, Missing.RESULTS, 8, HOSPITAL),
]


@pytest.mark.parametrize(("state", "since", "missing", "days", "whom"), LATE)
def test_each_state_says_what_is_missing_since_when_and_whom_to_chase(
    state: State, since: int, missing: Missing, days: int, whom: Holder
) -> None:
    expected = Limbo(missing, ago(days - 1), days, whom, urgent=False, same_day=False)
    assert limbo_of(facts(state, since), NOW) == expected
    assert limbo_of(facts(state, since - days), NOW) is None, "on the last day it is in time"


@pytest.mark.parametrize("state", [State.BOOKED, State.ADMISSION_BOOKED])
def test_an_appointment_that_passed_without_an_outcome_is_limbo(state: State) -> None:
    def booked(days: int) -> ReferralFacts:
        return facts(state, appointment=AppointmentFacts(NOW - timedelta(days=days)))

    found = limbo_of(booked(20), NOW)
    assert found is not None
    assert (found.missing, found.days_late, found.whom) == (Missing.OUTCOME, 6, HOSPITAL)
    assert limbo_of(booked(14), NOW) is None


@pytest.mark.parametrize(
    "state",
    [
        State.MISSED,
        State.REFERRAL_CANCELLED,
        State.RETURNED_TO_GP,
        State.REJECTED,
        State.CANCELLED_BY_PATIENT,
        State.CANCELLED_BY_HOSPITAL,
    ],
)
def test_on_the_urgent_pathway_an_event_needs_somebody_the_same_day(state: State) -> None:
    found = limbo_of(facts(state, 0, priority="two_week_wait"), NOW)
    assert found is not None
    assert (found.same_day, found.late_since, found.days_late) == (True, TODAY, 1)
    assert limbo_of(facts(state, 0), NOW) is None


def test_accepted_to_book_beyond_18_weeks_counts_once_its_own_time_has_passed() -> None:
    def accepted(since: int) -> ReferralFacts:
        return facts(State.ACCEPTED_TO_BOOK, since, clock_start=ago(200))

    assert next_step(accepted(5), NOW).overdue  # the patient is told of the 18 weeks
    assert limbo_of(accepted(5), NOW) is None
    found = limbo_of(accepted(30), NOW)
    assert found is not None
    assert found.days_late == 2


def test_a_waiting_list_without_a_date_is_limbo_only_on_the_urgent_pathway() -> None:
    waits = facts(State.WAITING_LIST, 100, referred_on=ago(300))
    assert limbo_of(waits, NOW) is None
    found = limbo_of(replace(waits, priority="two_week_wait"), NOW)
    assert found is not None
    assert (found.missing, found.same_day) == (Missing.FIRST_DATE, True)


DAYS = st.one_of(st.none(), st.integers(-90, 400))
ANY = st.builds(
    lambda state, since, referred, clock, review, booked, priority, hours: ReferralFacts(
        state=state,
        checked_at=NOW - timedelta(hours=hours),
        since=None if since is None else ago(since),
        referred_on=None if referred is None else ago(referred),
        clock_start=None if clock is None else ago(clock),
        review_due=None if review is None else ago(review),
        priority=priority,
        appointment=None
        if booked is None
        else AppointmentFacts(NOW - timedelta(days=booked, hours=1)),
    ),
    st.sampled_from(State),
    DAYS,
    DAYS,
    DAYS,
    DAYS,
    DAYS,
    st.sampled_from(["routine", "urgent", "two_week_wait"]),
    st.integers(0, 40),
)


@given(ANY)
def test_limbo_is_always_something_that_staff_can_act_on(given_facts: ReferralFacts) -> None:
    found = limbo_of(given_facts, NOW)
    step = next_step(given_facts, NOW)
    if found is None:
        unjudged = step.stale or step.standard == "18_weeks"
        assert unjudged or not (step.overdue or step.same_day_task)
        return
    assert not step.stale
    assert step.overdue or step.same_day_task, "the patient is never told less than staff"
    assert may_be_late(given_facts.state, given_facts.priority)
    assert found.late_since <= TODAY
    assert found.days_late >= 1
    assert found.whom in (GP, HOSPITAL, PATIENT)
    assert not found.same_day or found.urgent


@given(ANY)
def test_a_stale_record_is_never_limbo(given_facts: ReferralFacts) -> None:
    old = replace(given_facts, checked_at=NOW - timedelta(hours=25))
    assert limbo_of(old, NOW) is None
    patient_limit = ChaseIntervals(feed_age_limit_hours=26)
    assert limbo_of(old, NOW, patient_limit) == limbo_of(replace(old, checked_at=NOW), NOW)


@given(ANY, st.integers(1, 300))
def test_18_weeks_alone_change_nothing(given_facts: ReferralFacts, beyond: int) -> None:
    """Moving only the clock's start from within to beyond the 18 weeks makes no limbo."""
    if given_facts.priority == "two_week_wait":
        return  # there the day of referral starts the two weeks
    within = replace(given_facts, clock_start=TODAY)
    past = replace(given_facts, clock_start=ago(126 + beyond))
    assert date_of_18_weeks(past.clock_start or TODAY) < TODAY
    assert limbo_of(past, NOW) == limbo_of(within, NOW)
