"""What the rules are told: the only input of `next_step`, `waiting` and `answers`.

`services` builds these from the records. Datetimes are aware; `now`, which the rules get beside
them, is aware and in the site's time zone, because its date is "today".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bot.pathway.states import State

Medium = Literal["face_to_face", "telephone", "video"]
Priority = Literal["routine", "urgent", "two_week_wait"]


@dataclass(frozen=True)
class Contact:
    """Whom a patient can call. None: not in the record. `hours` is shown as it is written."""

    name: str
    phone: str | None = None
    email: str | None = None
    hours: str | None = None


@dataclass(frozen=True)
class AppointmentFacts:
    """The appointment that matters now: the next one, or else the last one.

    status: the feed's code, as it came. admission: inpatient or day case.
    """

    starts_at: datetime | None = None
    medium: Medium | None = None
    clinic: str | None = None
    address: str | None = None
    status: str | None = None
    instructions: str | None = None
    admission: bool = False


@dataclass(frozen=True)
class ReferralFacts:
    """One referral as the record holds it; None means that the record doesn't say.

    since: the day on which `state` began. clock_start: start of the 18-week clock.
    reason: the feed's reason code, or its state code when it gives no reason (`CARL`); it
        decides who rebooks a cancelled appointment and is never shown.
    review_due: the day by which the hospital should have decided or booked [R2][R3].
    specialty_code: RTT treatment function, "C_110". specialty: the feed's text, never shown.
    checked_at: when the feed was last read for this referral.
    """

    state: State
    checked_at: datetime
    since: date | None = None
    referred_on: date | None = None
    clock_start: date | None = None
    priority: Priority = "routine"
    reason: str | None = None
    review_due: date | None = None
    specialty_code: str | None = None
    specialty: str | None = None
    provider: str | None = None
    referrer: str | None = None
    gp_contact: Contact | None = None
    hospital_contact: Contact | None = None
    appointment: AppointmentFacts | None = None
    planned_wait_weeks: int | None = None
    p80_wait_weeks: int | None = None


@dataclass(frozen=True)
class WaitFigures:
    """NHS England's monthly RTT figures of one hospital and treatment function.

    They are about people who still wait, not about how long treatment took to come.
    pct_within_18_weeks: 0 to 1. total: people waiting. period: the month, "2026-03".
    """

    provider: str
    treatment_function: str
    median_weeks: float
    p92_weeks: float
    pct_within_18_weeks: float
    total: int
    period: str


@dataclass(frozen=True)
class ChaseIntervals:
    """Days after which the patient is told to call, by state; site settings.

    All are [D]: no national rule was found, save `urgent_contact_days` [R17],
    `results_days` (6 weeks) and `results_urgent_days` (day 28 from referral) [R13][R14].
    """

    gp_not_sent_days: int = 14
    gp_not_sent_urgent_working_days: int = 1
    advice_requested_days: int = 14
    advice_back_with_gp_days: int = 7
    to_book_days: int = 7
    hospital_to_book_days: int = 14
    in_triage_days: int = 14
    accepted_to_book_days: int = 28
    returned_to_gp_days: int = 7
    rejected_days: int = 3
    appointment_offered_days: int = 3
    cannot_come_notice_days: int = 2
    past_appointment_days: int = 14
    change_pending_days: int = 7
    cancelled_by_patient_days: int = 7
    cancelled_by_hospital_days: int = 14
    results_days: int = 42
    results_urgent_days: int = 28
    follow_up_days: int = 42
    discharged_days: int = 14
    cannot_see_days: int = 7
    unknown_date_days: int = 2
    urgent_contact_days: int = 14
    urgent_answer_days: int = 1
    feed_age_limit_hours: int = 24
