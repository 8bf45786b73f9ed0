"""Every code of `referral-states.md`, and the spellings that real feeds use."""

import pytest

from bot.pathway.appointment_states import from_appointment, from_care_plan
from bot.pathway.states import (
    State,
    from_advice_state,
    from_ers_state,
    from_ers_task,
    from_ers_worklist,
    from_wayfinder_referral,
)

TRIAGED = "TRIAGED_PROVIDER_TO_ACTION"

ERS = [
    ("draft", None, State.GP_NOT_SENT),
    ("NOT_BOOKED", None, State.TO_BOOK),
    ("DEFERRED_TO_PROVIDER", "NO_SLOTS_AT_SERVICE", State.HOSPITAL_TO_BOOK),
    ("DEFER_TO_PROVIDER", None, State.HOSPITAL_TO_BOOK),
    ("AWAITING_TRIAGE", "TRIAGE", State.IN_TRIAGE),
    ("ARBL", None, State.ACCEPTED_TO_BOOK),
    ("CARBL_OR_ARL", None, State.ACCEPTED_TO_BOOK),
    (TRIAGED, "ACCEPT_REFER_BOOK_LATER", State.ACCEPTED_TO_BOOK),
    (
        TRIAGED,
        "PROVIDER_CONVERTED_ADVICE_AND_GUIDANCE_ADMIN_TO_REFER",
        State.ACCEPTED_TO_BOOK,
    ),
    (TRIAGED, "RETURN_TO_REFERRER_WITH_ADVICE", State.RETURNED_TO_GP),
    (TRIAGED, "CANCEL_APPOINTMENT_ACTION_LATER", State.CANCELLED_BY_HOSPITAL),
    (TRIAGED, None, None),
    (TRIAGED, "SOMETHING_NEW", None),
    ("TRIAGE_RESPONSE", None, State.RETURNED_TO_GP),
    ("ASSESSMENT_RESULT", None, State.RETURNED_TO_GP),
    ("REJECTED", "SERVICE_INAPPROPRIATE", State.REJECTED),
    ("REJECTED", "FURTHER_INFORMATION_REQUIRED", State.REJECTED),
    ("REJECTED", "SERVICE_PREREQUISITES_NOT_COMPLETE", State.REJECTED),
    ("REJECTED", "OUTPATIENT_APPT_NOT_REQUIRED", State.REJECTED),
    ("BOOKED", None, State.BOOKED),
    ("APPT_CANCELLED_BY_PATIENT", "PATIENT_ILL", State.CANCELLED_BY_PATIENT),
    ("APP_CANCELLED_BY_PATIENT", "PATIENT_HOLIDAY", State.CANCELLED_BY_PATIENT),
    ("APPOINTMENT_CANCELLED_BY_PATIENT", None, State.CANCELLED_BY_PATIENT),
    ("APPT_CANCELLED_BY_PROVIDER", "CLINIC_CANCELLED", State.CANCELLED_BY_HOSPITAL),
    ("APP_CANCELLED_BY_PROVIDER", None, State.CANCELLED_BY_HOSPITAL),
    ("APPOINTMENT_CANCELLED_BY_PROVIDER", None, State.CANCELLED_BY_HOSPITAL),
    ("CARL", None, State.CANCELLED_BY_HOSPITAL),
    ("DID_NOT_ATTEND", "PATIENT_FORGOT", State.MISSED),
    ("CANCELLED_REFERRAL", "RAISED_IN_ERROR", State.REFERRAL_CANCELLED),
    ("revoked", None, State.REFERRAL_CANCELLED),
    ("PROVIDER_RESPONSE_REQUIRED", None, State.ADVICE_REQUESTED),
    ("REFERRER_TO_REVIEW", None, State.ADVICE_BACK_WITH_GP),
    ("REFERRER_TO_REVIEW_RESPONSE", None, State.ADVICE_BACK_WITH_GP),
    ("REFERRER_TO_SUBMIT_FURTHER_INFORMATION", None, State.ADVICE_BACK_WITH_GP),
    ("ENDED_CLOSED", None, State.ADVICE_BACK_WITH_GP),
    ("ENDED_CANCELLED", None, State.ADVICE_BACK_WITH_GP),
    ("TO_BE_CONVERTED", None, State.ACCEPTED_TO_BOOK),
    ("ADVICE_CONVERTED", None, None),
    ("INCOMPLETE", None, None),
    ("SOMETHING_NEW", None, None),
    ("", None, None),
]


def test_there_are_22_states_numbered_as_in_the_table() -> None:
    assert [state.number for state in State] == list(range(22))
    assert (State.GP_NOT_SENT.number, State.RESULTS_AWAITED.number) == (0, 16)
    assert (State.FOLLOW_UP.number, State.CANNOT_SEE.number) == (18, 21)


@pytest.mark.parametrize(("code", "reason", "state"), ERS)
def test_ers_code_and_reason_lead_to_the_state_in_any_spelling(
    code: str, reason: str | None, state: State | None
) -> None:
    assert from_ers_state(code, reason) is state
    respelt = reason.replace("_", "-").lower() if reason else None
    assert from_ers_state(code.replace("_", " ").title(), respelt) is state


def test_advice_states_are_read_without_the_referral_codes() -> None:
    assert from_advice_state("provider-response-required") is State.ADVICE_REQUESTED
    assert from_advice_state("BOOKED") is None


@pytest.mark.parametrize(
    ("list_type", "status", "reason", "state"),
    [
        ("LETTERS_OUTSTANDING", None, None, State.GP_NOT_SENT),
        ("ADVICE_AND_GUIDANCE_REQUESTS", None, None, State.ADVICE_REQUESTED),
        ("APPOINTMENT_SLOT_ISSUES", None, "NO_SLOTS_AT_SERVICE", State.HOSPITAL_TO_BOOK),
        ("APPOINTMENTS_FOR_BOOKING", None, "TRIAGE_TO_BE_BOOKED", State.ACCEPTED_TO_BOOK),
        ("APPOINTMENTS_FOR_BOOKING", None, "DNA", State.MISSED),
        ("APPOINTMENTS_FOR_BOOKING", None, None, State.HOSPITAL_TO_BOOK),
        ("REFERRALS_FOR_REVIEW", None, "TRIAGE", State.IN_TRIAGE),
        ("REFERRALS_FOR_REVIEW", None, None, None),
        ("REJECTED_TRIAGE_RESPONSE", "REJECTED", "SERVICE_INAPPROPRIATE", State.REJECTED),
        ("REJECTED_TRIAGE_RESPONSE", "TRIAGE_RESPONSE", None, State.RETURNED_TO_GP),
        ("REJECTED_TRIAGE_RESPONSE", None, None, None),
        ("AWAITING_BOOKING", "APP_CANCELLED_BY_PATIENT", None, State.CANCELLED_BY_PATIENT),
        ("AWAITING_BOOKING", "NOT_BOOKED", None, State.TO_BOOK),
        ("ASSESSMENT_RETURNED_CANCELLED_DNA", "DID_NOT_ATTEND", None, State.MISSED),
        ("SOMETHING_NEW", None, None, None),
    ],
)
def test_a_worklist_row_is_placed_by_its_own_status_first(
    list_type: str, status: str | None, reason: str | None, state: State | None
) -> None:
    assert from_ers_worklist(list_type, status, reason) is state
    assert from_ers_worklist(list_type.lower().replace("_", "-"), status, reason) is state


def test_an_open_task_is_a_deferral_and_a_closed_one_is_nothing() -> None:
    assert from_ers_task("APPOINTMENT_DEFERRAL") is State.HOSPITAL_TO_BOOK
    assert from_ers_task("triage-deferral", "requested") is State.IN_TRIAGE
    assert from_ers_task("TRIAGE_DEFERRAL", "completed") is None
    assert from_ers_task("SOMETHING_NEW") is None


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("bookable", State.TO_BOOK),
        ("Bookable", State.TO_BOOK),
        ("Ready to book", State.TO_BOOK),
        ("bookableWasCancelled", State.CANCELLED_BY_PATIENT),
        ("inReview", State.IN_TRIAGE),
        ("overdue in review", State.IN_TRIAGE),
        ("somethingNew", None),
    ],
)
def test_wayfinder_referral_states(code: str, state: State | None) -> None:
    assert from_wayfinder_referral(code) is state


@pytest.mark.parametrize(
    ("status", "more", "state"),
    [
        ("booked", {}, State.BOOKED),
        ("booked", {"past": True}, State.BOOKED),
        ("arrived", {"encounter_class": "outpatient"}, State.BOOKED),
        ("booked", {"encounter_class": "inpatient"}, State.ADMISSION_BOOKED),
        ("booked", {"encounter_class": "Day-case"}, State.ADMISSION_BOOKED),
        ("bookedPendingCancellation", {}, State.CHANGE_PENDING),
        ("bookedPendingReschedule", {"encounter_class": "inpatient"}, State.CHANGE_PENDING),
        ("bookedPendingChange", {}, State.CHANGE_PENDING),
        ("cancelledPendingReschedule", {}, State.CHANGE_PENDING),
        ("booked", {"request_status": "Pending Reschedule"}, State.CHANGE_PENDING),
        ("cancelled", {}, State.CANCELLED_BY_PATIENT),
        ("cancelled", {"cancelled_by": "pat"}, State.CANCELLED_BY_PATIENT),
        ("cancelled", {"cancelled_by": "prov"}, State.CANCELLED_BY_HOSPITAL),
        ("noshow", {"past": True}, State.MISSED),
        ("waitlist", {}, State.WAITING_LIST),
        ("pending", {}, State.APPOINTMENT_OFFERED),
        ("proposed", {"reason": "TRIAGE"}, State.IN_TRIAGE),
        ("proposed", {"reason": "NO_SLOTS_AT_SERVICE"}, State.HOSPITAL_TO_BOOK),
        ("proposed", {}, None),
        ("fulfilled", {"outcome": "1"}, State.DISCHARGED),
        ("fulfilled", {"outcome": "2"}, State.FOLLOW_UP),
        ("booked", {"outcome": "3", "past": True}, State.FOLLOW_UP),
        ("booked", {"outcome": "1", "past": False}, State.BOOKED),
        ("fulfilled", {"diagnostic": True, "care_plan_active": True}, State.RESULTS_AWAITED),
        ("fulfilled", {"diagnostic": True}, None),
        ("fulfilled", {"care_plan_active": True}, State.FOLLOW_UP),
        ("fulfilled", {}, None),
        ("entered-in-error", {}, None),
    ],
)
def test_appointment_states(status: str, more: dict[str, object], state: State | None) -> None:
    assert from_appointment(status, **more) is state  # type: ignore[arg-type]


def test_care_plan_states() -> None:
    assert from_care_plan("active") is State.WAITING_LIST
    assert from_care_plan("active", questionnaire_type="pifu-triage") is State.FOLLOW_UP
    assert from_care_plan("completed") is State.DISCHARGED
    assert from_care_plan("revoked") is State.REFERRAL_CANCELLED
    assert from_care_plan("on-hold") is None
