"""Referrals in limbo: something should have happened by now, and the record shows nothing.

Called by the watch, by the console and by the figures, so that all three judge alike. What is
late is decided by `next_step`; here stands what of it is work for staff. All choices are ours
[D]. More than 18 weeks alone is none: a third of all pathways are beyond it [R6], and no call by
a coordinator shortens a waiting list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from bot.pathway.facts import ChaseIntervals, ReferralFacts
from bot.pathway.limits import Holder
from bot.pathway.next_step import CALL_TODAY, DEFAULT_INTERVALS, NEVER_OVERDUE, next_step
from bot.pathway.states import State


class Missing(str, Enum):
    """What should have happened."""

    SENDING = "sending"
    ADVICE = "advice"
    GP_DECISION = "gp_decision"
    PATIENT_BOOKING = "patient_booking"
    BOOKING = "booking"
    TRIAGE = "triage"
    FIRST_DATE = "first_date"
    PATIENT_ANSWER = "patient_answer"
    OUTCOME = "outcome"
    ANSWER_TO_CHANGE = "answer_to_change"
    NEW_DATE = "new_date"
    RESULTS = "results"


@dataclass(frozen=True)
class Limbo:
    """Why a referral needs somebody to look at it.

    late_since: the first day that was too late; of an event (missed, cancelled …) its own day.
    days_late: late_since and today counted, so at least 1.
    whom: whom staff chase; PATIENT: they call the patient, who may not know that it is their turn.
    urgent: the priority is urgent, or suspected cancer. same_day: somebody must look today.
    """

    missing: Missing
    late_since: date
    days_late: int
    whom: Holder
    urgent: bool
    same_day: bool


_MISSING: dict[State, Missing] = {
    State.GP_NOT_SENT: Missing.SENDING,
    State.ADVICE_REQUESTED: Missing.ADVICE,
    State.ADVICE_BACK_WITH_GP: Missing.GP_DECISION,
    State.TO_BOOK: Missing.PATIENT_BOOKING,
    State.HOSPITAL_TO_BOOK: Missing.BOOKING,
    State.IN_TRIAGE: Missing.TRIAGE,
    State.ACCEPTED_TO_BOOK: Missing.BOOKING,
    State.RETURNED_TO_GP: Missing.GP_DECISION,
    State.REJECTED: Missing.GP_DECISION,
    State.WAITING_LIST: Missing.FIRST_DATE,
    State.APPOINTMENT_OFFERED: Missing.PATIENT_ANSWER,
    State.BOOKED: Missing.OUTCOME,
    State.CHANGE_PENDING: Missing.ANSWER_TO_CHANGE,
    State.CANCELLED_BY_PATIENT: Missing.NEW_DATE,
    State.CANCELLED_BY_HOSPITAL: Missing.NEW_DATE,
    State.MISSED: Missing.NEW_DATE,
    State.RESULTS_AWAITED: Missing.RESULTS,
    State.ADMISSION_BOOKED: Missing.OUTCOME,
    State.REFERRAL_CANCELLED: Missing.GP_DECISION,
}
_CALL_THE_PATIENT = frozenset(
    {State.TO_BOOK, State.APPOINTMENT_OFFERED, State.CANCELLED_BY_PATIENT}
)
"""The patient holds these: a letter that they could not read is the usual reason."""
_ASK_THE_HOSPITAL = frozenset({State.ADVICE_REQUESTED, State.CANCELLED_BY_HOSPITAL})
"""The patient is sent to the GP surgery, or books anew; staff ask who left it."""


def may_be_late(state: State, priority: str) -> bool:
    """Whether the rules can ever call such a referral late."""
    if state in NEVER_OVERDUE:
        return False
    return state not in CALL_TODAY or priority == "two_week_wait"


def limbo_of(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> Limbo | None:
    """Why this referral needs somebody to look at it; None: it is in time, the record is too old
    to judge, or only the 18 weeks have passed.

    Args:
        now: aware, in the site's time zone.
    """
    step = next_step(facts, now, intervals)
    if step.standard == "18_weeks":
        # What the state's own interval says without the 18 weeks.
        step = next_step(replace(facts, clock_start=None, referred_on=None), now, intervals)
    if step.stale or not (step.overdue or step.same_day_task):
        return None
    today = now.date()
    since = step.late_since or min(facts.since or today, today)
    return Limbo(
        missing=_MISSING[facts.state],
        late_since=since,
        days_late=(today - since).days + 1,
        whom=_whom(facts.state, step.chase_whom),
        urgent=facts.priority != "routine",
        same_day=step.same_day_task,
    )


def _whom(state: State, patient_calls: Holder) -> Holder:
    """Whom staff chase: as the patient would, except where the patient is who hasn't moved."""
    if state in _CALL_THE_PATIENT:
        return Holder.PATIENT
    return Holder.HOSPITAL if state in _ASK_THE_HOSPITAL else patient_calls
