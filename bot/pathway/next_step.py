"""What happens next: who holds the referral, and when and whom to chase.

Called by `answers` and by the services that open tasks for overdue referrals. The table
is `referral-states.md`; the days are in `limits`. [R1][R5] e-RS, [D] our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.pathway.facts import ChaseIntervals, ReferralFacts
from bot.pathway.limits import DATED, Holder, Limit, appointment_day, limit_of, working_day
from bot.pathway.states import HOSPITAL_REBOOKS, State, plain


@dataclass(frozen=True)
class NextStep:
    """The next step of one referral.

    standard: "18_weeks", "14_days", "review_due", "6_weeks", "28_days" or None: what `chase_on`
        rests on when it isn't only a setting.
    chase_on: the day by which the patient calls, never in the past, a working day when that is
        soon enough.
    overdue: the time has passed; never judged on a stale record. urgent: suspected cancer.
    late_since: the first day that was too late; None: nothing is overdue.
    stale: the feed is older than its age limit. same_day_task: staff must look today.
    call_today: no later day would do (missed, cancelled …).
    past: the appointment in the record has passed.
    """

    state: State
    holder: Holder
    patient_acts: bool
    standard: str | None
    chase_on: date
    chase_whom: Holder
    overdue: bool
    late_since: date | None
    urgent: bool
    stale: bool
    same_day_task: bool
    call_today: bool
    past: bool


GP, HOSPITAL, PATIENT = Holder.GP_PRACTICE, Holder.HOSPITAL, Holder.PATIENT

# state: (who holds it, whom the patient calls, whether the patient has something to do)
_RULES: dict[State, tuple[Holder, Holder, bool]] = {
    State.GP_NOT_SENT: (GP, GP, False),
    State.ADVICE_REQUESTED: (HOSPITAL, GP, False),
    State.ADVICE_BACK_WITH_GP: (GP, GP, True),
    State.TO_BOOK: (PATIENT, GP, True),
    State.HOSPITAL_TO_BOOK: (HOSPITAL, HOSPITAL, False),
    State.IN_TRIAGE: (HOSPITAL, HOSPITAL, False),
    State.ACCEPTED_TO_BOOK: (HOSPITAL, HOSPITAL, False),
    State.RETURNED_TO_GP: (GP, GP, True),
    State.REJECTED: (GP, GP, True),
    State.WAITING_LIST: (HOSPITAL, HOSPITAL, False),
    State.APPOINTMENT_OFFERED: (PATIENT, HOSPITAL, True),
    State.BOOKED: (PATIENT, HOSPITAL, True),
    State.CHANGE_PENDING: (HOSPITAL, HOSPITAL, False),
    State.CANCELLED_BY_PATIENT: (PATIENT, HOSPITAL, True),
    State.CANCELLED_BY_HOSPITAL: (PATIENT, HOSPITAL, True),
    State.MISSED: (HOSPITAL, HOSPITAL, True),
    State.RESULTS_AWAITED: (HOSPITAL, HOSPITAL, False),
    State.ADMISSION_BOOKED: (PATIENT, HOSPITAL, True),
    State.FOLLOW_UP: (HOSPITAL, HOSPITAL, False),
    State.DISCHARGED: (GP, GP, False),
    State.REFERRAL_CANCELLED: (GP, GP, True),
    State.CANNOT_SEE: (Holder.NOBODY_KNOWN, GP, True),
}

# The patient calls today, so there is no later day on which it would become overdue.
CALL_TODAY = frozenset({State.MISSED, State.REFERRAL_CANCELLED})
CALL_TODAY_IF_URGENT = CALL_TODAY | {
    State.RETURNED_TO_GP,
    State.REJECTED,
    State.CANCELLED_BY_PATIENT,
    State.CANCELLED_BY_HOSPITAL,
}
# Nobody is known to be late in these.
NEVER_OVERDUE = frozenset({State.FOLLOW_UP, State.DISCHARGED, State.CANNOT_SEE})
DEFAULT_INTERVALS = ChaseIntervals()


def hospital_rebooks(facts: ReferralFacts) -> bool:
    """Whether the hospital's staff make the new date after it cancelled (`CARL`) [R1][R5]."""
    return facts.state is State.CANCELLED_BY_HOSPITAL and plain(facts.reason) in HOSPITAL_REBOOKS


def is_past(facts: ReferralFacts, now: datetime) -> bool:
    """Whether the appointment's time has passed; False without a date."""
    appointment = facts.appointment
    return bool(appointment and appointment.starts_at and appointment.starts_at < now)


def is_stale(facts: ReferralFacts, now: datetime, intervals: ChaseIntervals) -> bool:
    """Whether the record is older than the feed's age limit (hours)."""
    return now - facts.checked_at > timedelta(hours=intervals.feed_age_limit_hours)


def next_step(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> NextStep:
    """The next step of one referral. `now` is aware, in the site's time zone."""
    today = now.date()
    state, urgent = facts.state, facts.priority == "two_week_wait"
    holder, whom, acts = _RULES[state]
    past = state in DATED and is_past(facts, now)
    if past or hospital_rebooks(facts):
        holder, acts = Holder.HOSPITAL, False
    event = state in (CALL_TODAY_IF_URGENT if urgent else CALL_TODAY)
    if event:
        limit = Limit(today, None, False, whom)
    else:
        limit = limit_of(facts, now, intervals, whom, past)
    stale = is_stale(facts, now, intervals)
    overdue = limit.dated and not stale and state not in NEVER_OVERDUE and today > limit.day
    to_come = (state in DATED and not past) or state is State.CHANGE_PENDING
    chase_on = working_day(max(working_day(limit.day, -1 if to_come else 1), today))
    appointment = appointment_day(facts, now)
    if to_come and appointment and today <= appointment < chase_on:
        chase_on = today  # a weekend just before the appointment: Monday would be too late
    return NextStep(
        state=state,
        holder=holder,
        patient_acts=acts,
        standard=limit.standard,
        chase_on=chase_on,
        chase_whom=limit.whom,
        overdue=overdue,
        late_since=limit.day + timedelta(days=1) if overdue else None,
        urgent=urgent,
        stale=stale,
        same_day_task=urgent and (event or overdue),
        call_today=event,
        past=past,
    )
