"""By which day something should have happened to a referral, and who is called if it hasn't.

Called by `next_step` only. Sources as in `referral-states.md`: [R2][R3][R4] review due date,
[R6] 18 weeks, [R13] 6 weeks for a test, [R14] day 28, [R17] suspected cancer; [D] our choice.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from bot.pathway.facts import ChaseIntervals, ReferralFacts
from bot.pathway.states import State
from bot.pathway.waiting import clock_start, date_of_18_weeks


class Holder(str, Enum):
    """Who has to move now. Whom to chase is GP_PRACTICE or HOSPITAL, never the other two."""

    GP_PRACTICE = "gp_practice"
    HOSPITAL = "hospital"
    PATIENT = "patient"
    NOBODY_KNOWN = "nobody_known"


class Limit(NamedTuple):
    """The last day that is in time.

    standard: what it rests on besides a setting; see `NextStep.standard`.
    dated: whether dates in the record carry it, so that "late" can be said at all.
    """

    day: date
    standard: str | None
    dated: bool
    whom: Holder


# The states with a date to come to the hospital.
DATED = frozenset({State.BOOKED, State.ADMISSION_BOOKED})
_REVIEWED = frozenset({State.IN_TRIAGE, State.HOSPITAL_TO_BOOK})
_ANSWER_SOON = frozenset({State.APPOINTMENT_OFFERED, State.CHANGE_PENDING})

_INTERVALS: dict[State, str] = {
    State.GP_NOT_SENT: "gp_not_sent_days",
    State.ADVICE_REQUESTED: "advice_requested_days",
    State.ADVICE_BACK_WITH_GP: "advice_back_with_gp_days",
    State.TO_BOOK: "to_book_days",
    State.HOSPITAL_TO_BOOK: "hospital_to_book_days",
    State.IN_TRIAGE: "in_triage_days",
    State.ACCEPTED_TO_BOOK: "accepted_to_book_days",
    State.RETURNED_TO_GP: "returned_to_gp_days",
    State.REJECTED: "rejected_days",
    State.APPOINTMENT_OFFERED: "appointment_offered_days",
    State.CHANGE_PENDING: "change_pending_days",
    State.CANCELLED_BY_PATIENT: "cancelled_by_patient_days",
    State.CANCELLED_BY_HOSPITAL: "cancelled_by_hospital_days",
    State.RESULTS_AWAITED: "results_days",
    State.FOLLOW_UP: "follow_up_days",
    State.DISCHARGED: "discharged_days",
    State.CANNOT_SEE: "cannot_see_days",
}


def working_day(day: date, step: int = 1) -> date:
    """That day, or the nearest Monday (step 1) or Friday (step -1) when it is a weekend [D].

    Bank holidays aren't known here.

    >>> working_day(date(2026, 5, 3))
    datetime.date(2026, 5, 4)
    """
    while day.weekday() >= 5:
        day += timedelta(days=step)
    return day


def appointment_day(facts: ReferralFacts, now: datetime) -> date | None:
    """Day of the appointment in the site's time zone; None without a date."""
    if facts.appointment is None or facts.appointment.starts_at is None:
        return None
    return facts.appointment.starts_at.astimezone(now.tzinfo).date()


def limit_of(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals, whom: Holder, past: bool
) -> Limit:
    """The limit of a state; `whom` is called unless suspected cancer asks for the GP surgery."""
    routine = _routine(facts, now, intervals, whom, past)
    return _urgent(facts, now, intervals, routine) if facts.priority == "two_week_wait" else routine


def _routine(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals, whom: Holder, past: bool
) -> Limit:
    today, state, start = now.date(), facts.state, clock_start(facts)
    appointment = appointment_day(facts, now)
    if state in DATED and appointment is not None:
        if past:
            late_from = appointment + timedelta(days=intervals.past_appointment_days)
            return Limit(late_from, None, True, whom)
        # Before the appointment nothing is late: this is the day to say "I cannot come".
        notice = timedelta(days=intervals.cannot_come_notice_days)
        return Limit(appointment - notice, None, False, whom)
    if state in _REVIEWED and facts.review_due:
        return Limit(facts.review_due, "review_due", True, whom)
    if state is State.WAITING_LIST and start:
        return Limit(date_of_18_weeks(start), "18_weeks", True, whom)

    base = facts.since or facts.referred_on
    if base is None or state not in _INTERVALS:
        # A date counted from today would move on every day and never come: keep it near.
        return Limit(today + timedelta(days=intervals.unknown_date_days), None, False, whom)
    day = min(base, today) + timedelta(days=getattr(intervals, _INTERVALS[state]))
    # Counted from the referral, the call is early enough; but only `since` can make it late.
    dated = facts.since is not None or state is State.GP_NOT_SENT
    if state is State.ACCEPTED_TO_BOOK and start and date_of_18_weeks(start) < day:
        return Limit(date_of_18_weeks(start), "18_weeks", True, whom)
    if state is State.CHANGE_PENDING and appointment is not None:
        day = min(day, appointment - timedelta(days=1))
    return Limit(day, "6_weeks" if state is State.RESULTS_AWAITED else None, dated, whom)


def _urgent(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals, routine: Limit
) -> Limit:
    """The limit for suspected cancer. 18 weeks is never its standard."""
    today, state = now.date(), facts.state
    known = facts.referred_on or facts.clock_start or facts.since
    referred = min(known, today) if known else None
    soon = timedelta(days=intervals.urgent_answer_days)
    if state is State.GP_NOT_SENT and referred:
        day = referred
        for _ in range(intervals.gp_not_sent_urgent_working_days):
            day = working_day(day + timedelta(days=1))
        return Limit(day, None, True, Holder.GP_PRACTICE)
    if state.number <= State.WAITING_LIST.number:
        if referred is None:
            return Limit(min(routine.day, today + soon), None, routine.dated, Holder.GP_PRACTICE)
        # No date two weeks after the referral: the GP surgery, whoever holds it [R17].
        contact_by = referred + timedelta(days=intervals.urgent_contact_days)
        earlier = routine.dated and routine.standard != "18_weeks" and routine.day < contact_by
        if earlier and today <= contact_by:
            return routine
        return Limit(contact_by, "14_days", True, Holder.GP_PRACTICE)
    if state is State.RESULTS_AWAITED and referred:
        day_28 = referred + timedelta(days=intervals.results_urgent_days)
        return Limit(min(day_28, routine.day), "28_days", True, routine.whom)
    if state in _ANSWER_SOON:
        day = min(facts.since or today, today) + soon
        return routine._replace(day=min(day, routine.day))
    return routine
