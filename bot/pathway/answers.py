"""What is said about a referral: response names and typed values, never prose.

Called by `services` (explain_referral …); `language/render` comes next. An answer is at most
three lines: what is asked for, then by when and whom to call, then how old the record is (an
offered appointment has one more: that it must be confirmed).
For suspected cancer (`two_week_wait`) no answer holds a waiting figure or 18 weeks (design.md,
section 6), and the calling line says "Your GP asked for this to be urgent".
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from bot.pathway.facts import AppointmentFacts, ChaseIntervals, ReferralFacts, WaitFigures
from bot.pathway.limits import DATED, Holder, working_day
from bot.pathway.lines import (
    Line,
    Value,
    cannot_come_by,
    chase_line,
    checked_line,
    contact_of,
    phone_of,
    provider,
    shown,
    specialty,
    starts_at,
)
from bot.pathway.next_step import (
    DEFAULT_INTERVALS,
    NextStep,
    hospital_rebooks,
    is_past,
    next_step,
)
from bot.pathway.states import State, plain
from bot.pathway.waiting import (
    WAITING_STATES,
    clock_start,
    may_tell_waiting,
    over_18_weeks,
    period_end,
    usable,
    weeks_left,
    weeks_waited,
)

_WITH_PROVIDER = frozenset(
    {State.HOSPITAL_TO_BOOK, State.IN_TRIAGE, State.ACCEPTED_TO_BOOK, State.WAITING_LIST} | DATED
)
_WITH_SPECIALTY = frozenset({State.TO_BOOK, State.IN_TRIAGE, State.WAITING_LIST})
# No appointment of the record counts any more: the state says why.
_APPOINTMENT_VOID = frozenset({State.REFERRAL_CANCELLED, State.REJECTED, State.MISSED})
_CANCELLED = frozenset({State.CANCELLED_BY_PATIENT, State.CANCELLED_BY_HOSPITAL})
_MEDIA = {
    "face_to_face": "@term_medium_face_to_face",
    "telephone": "@term_medium_telephone",
    "video": "@term_medium_video",
}


def status_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """Where the referral stands and what the patient does."""
    step = next_step(facts, now, intervals)
    return _closed(_status_line(facts, step, now), facts, step, now)


def next_steps_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """What comes after the present state, and who does it."""
    step = next_step(facts, now, intervals)
    state, name = facts.state, f"utter_next_{facts.state.value}"
    if step.past:
        name = "utter_appointment_past"
    elif state is State.CHANGE_PENDING and facts.appointment and _cancelled(facts.appointment):
        name = "utter_next_cancelled_by_hospital"  # the old date is gone already
    return _closed(Line(name), facts, step, now)


def waiting_answer(
    facts: ReferralFacts,
    figures: WaitFigures | None,
    now: datetime,
    intervals: ChaseIntervals = DEFAULT_INTERVALS,
) -> list[Line]:
    """How long the wait is; the status where nobody waits for a date."""
    step = next_step(facts, now, intervals)
    if facts.state not in WAITING_STATES:
        return _closed(_status_line(facts, step, now), facts, step, now)
    if not may_tell_waiting(facts):
        return _closed(Line("utter_waiting_urgent"), facts, step, now)
    return _closed(_waiting_line(facts, figures, step, now), facts, step, now)


def appointment_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """When, where and how; what isn't in the record is said as "I cannot see"."""
    step = next_step(facts, now, intervals)
    first, chase = _appointment_line(facts, step, now), chase_line(facts, step)
    wrote = shown(facts.appointment.instructions if facts.appointment else None, "").rstrip(".")
    if wrote and cannot_come_by(facts, step):
        chase = Line("utter_appointment_instructions", {**chase.values, "instructions": wrote})
    # An offered date is not the patient's yet: it says so before it tells the date.
    offered = facts.state is State.APPOINTMENT_OFFERED and "starts_at" in first.values
    before = [_status_line(facts, step, now)] if offered else []
    return [*before, first, chase, checked_line(facts, step, now)]


def contact_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """Whom to call. Without a name or number: the hospital or GP practice, and where to look."""
    step = next_step(facts, now, intervals)
    contact, hospital = contact_of(facts, step.chase_whom), step.chase_whom is Holder.HOSPITAL
    unnamed = "@term_the_hospital" if hospital else "@term_your_gp_practice"
    values: dict[str, Value] = {
        "name": shown(contact.name if contact else None, unnamed),
        "phone": phone_of(facts, step.chase_whom),
    }
    hours = shown(contact.hours if contact else None, "")
    if hours:
        return _closed(Line("utter_contact_hours", {**values, "hours": hours}), facts, step, now)
    return _closed(Line("utter_contact", values), facts, step, now)


def results_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """Test results are never in the record: who has them; RESULTS_AWAITED is only inferred.

    In any other state the day to chase is about the referral and may be months away: who asks
    for a result calls the GP practice within days, unless an earlier call is due anyway [D].
    """
    step = next_step(facts, now, intervals)
    if facts.state is State.RESULTS_AWAITED:
        return _closed(Line("utter_status_results_awaited"), facts, step, now)
    soon = working_day(now.date() + timedelta(days=intervals.unknown_date_days))
    lines = _closed(Line("utter_results_not_shown"), facts, step, now)
    if step.chase_on > soon:
        phone = phone_of(facts, Holder.GP_PRACTICE)
        values: dict[str, Value] = {"chase_on": soon.isoformat(), "phone": phone}
        lines[1] = Line(f"utter_chase_gp_{'urgent' if step.urgent else 'help'}", values)
    return lines


def choice_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """Choice of hospital: at referral, while waiting, over 18 weeks [R6][R7]."""
    step = next_step(facts, now, intervals)
    start = clock_start(facts)
    if step.urgent:
        name = "utter_choice_urgent"
    elif not may_tell_waiting(facts) or facts.state is State.TO_BOOK:
        name = "utter_choice_at_referral"
    elif start and not step.stale and over_18_weeks(start, now.date()):
        name = "utter_choice_over_18_weeks"
    else:
        name = "utter_choice_waiting"
    return _closed(Line(name), facts, step, now)


def cancer_question_answer() -> list[Line]:
    """The one answer to "is it cancer?", the same for everybody."""
    return [Line("utter_cancer_question")]


def _closed(first: Line, facts: ReferralFacts, step: NextStep, now: datetime) -> list[Line]:
    return [first, chase_line(facts, step), checked_line(facts, step, now)]


def _status_line(facts: ReferralFacts, step: NextStep, now: datetime) -> Line:
    state, appointment = facts.state, facts.appointment or AppointmentFacts()
    if state in DATED or (state is State.CHANGE_PENDING and _cancelled(appointment)):
        return _dated_line(facts, appointment, step, now)
    if hospital_rebooks(facts):
        return Line("utter_status_cancelled_by_hospital_rebooking")
    values: dict[str, Value] = {}
    if state in _WITH_PROVIDER:
        values["provider"] = provider(facts)
    if state in _WITH_SPECIALTY:
        values["specialty"] = specialty(facts)
    return Line(f"utter_status_{state.value}", values)


def _dated_line(
    facts: ReferralFacts, appointment: AppointmentFacts, step: NextStep, now: datetime
) -> Line:
    start = starts_at(appointment, now)
    if _cancelled(appointment):
        return Line("utter_appointment_cancelled")
    if start is None:
        return Line("utter_appointment_no_date")
    if step.past:
        return Line("utter_appointment_past")
    admission = facts.state is State.ADMISSION_BOOKED or appointment.admission
    name = "utter_status_admission_booked" if admission else "utter_status_booked"
    return Line(name, {"starts_at": start, "provider": provider(facts)})


def _cancelled(appointment: AppointmentFacts) -> bool:
    return plain(appointment.status).startswith("cancel")


def _waiting_line(
    facts: ReferralFacts, figures: WaitFigures | None, step: NextStep, now: datetime
) -> Line:
    start, today = clock_start(facts), now.date()
    if start is None:
        return Line("utter_waiting_unknown")
    waited: dict[str, Value] = {"waited": weeks_waited(start, today)}
    over = over_18_weeks(start, today)
    if over and not step.stale:
        return Line("utter_waiting_over_18_weeks", waited)
    if facts.p80_wait_weeks is not None:
        return Line("utter_waiting_p80", {**waited, "p80": facts.p80_wait_weeks})
    if facts.planned_wait_weeks is not None:
        return Line("utter_waiting_planned", {**waited, "planned": facts.planned_wait_weeks})
    if figures is not None and usable(figures):
        month = period_end(figures.period)
        told: dict[str, Value] = {
            "median": math.ceil(figures.median_weeks),  # "or less" stays true
            "percent": figures.pct_within_18_weeks,
            "period": month.isoformat() if month else "",
        }
        return Line("utter_waiting_figures", {**waited, **told})
    if over:  # and stale: the patient may have been treated since
        return Line("utter_waiting_unknown")
    return Line("utter_waiting_so_far", {**waited, "left": weeks_left(start, today)})


def _appointment_line(facts: ReferralFacts, step: NextStep, now: datetime) -> Line:
    appointment = facts.appointment
    if facts.state in _APPOINTMENT_VOID:
        return Line(f"utter_status_{facts.state.value}")
    if facts.state in _CANCELLED or (appointment and _cancelled(appointment)):
        return Line("utter_appointment_cancelled")
    if appointment is None:
        dated = facts.state in DATED
        return Line("utter_appointment_no_date" if dated else "utter_appointment_none")
    start = starts_at(appointment, now)
    if start is None:
        return Line("utter_appointment_no_date")
    if is_past(facts, now):
        return Line("utter_appointment_past")
    if facts.state is State.CHANGE_PENDING:
        return Line("utter_appointment_change_pending", {"starts_at": start})
    values: dict[str, Value] = {"starts_at": start, "provider": provider(facts)}
    if appointment.medium in ("telephone", "video"):
        return Line("utter_appointment_remote", {**values, "medium": _MEDIA[appointment.medium]})
    place = [shown(appointment.clinic, ""), shown(appointment.address, "")]
    values["place"] = ", ".join(part for part in place if part) or "@term_see_letter"
    if appointment.admission or facts.state is State.ADMISSION_BOOKED:
        values["medium"] = "@term_medium_admission"
    else:
        values["medium"] = _MEDIA.get(appointment.medium or "", "@term_see_letter")
    return Line("utter_appointment_visit", values)
