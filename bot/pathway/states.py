"""The 22 states of a referral, and the codes of the NHS feeds that lead to them.

Called by `fhir` (the importer) when it reads a feed; `next_step` and `answers` come after.
The table is `referral-states.md`: [R1] e-RS, [R2] e-RS patient care, [R3] Wayfinder,
[R5] eRS-ReferralState, [R15] OutcomeOfAttendance, [D] our choice.

Every `from_...` function ignores case, `-`, `_` and spaces, and returns None for a code that
it doesn't know or can't place: the importer reports it, and nobody guesses.
"""

from __future__ import annotations

from enum import Enum


class State(str, Enum):
    """Where a referral stands. The order is the numbering of `referral-states.md`, 0 to 21."""

    GP_NOT_SENT = "gp_not_sent"
    ADVICE_REQUESTED = "advice_requested"
    ADVICE_BACK_WITH_GP = "advice_back_with_gp"
    TO_BOOK = "to_book"
    HOSPITAL_TO_BOOK = "hospital_to_book"
    IN_TRIAGE = "in_triage"
    ACCEPTED_TO_BOOK = "accepted_to_book"
    RETURNED_TO_GP = "returned_to_gp"
    REJECTED = "rejected"
    WAITING_LIST = "waiting_list"
    APPOINTMENT_OFFERED = "appointment_offered"
    BOOKED = "booked"
    CHANGE_PENDING = "change_pending"
    CANCELLED_BY_PATIENT = "cancelled_by_patient"
    CANCELLED_BY_HOSPITAL = "cancelled_by_hospital"
    MISSED = "missed"
    RESULTS_AWAITED = "results_awaited"
    ADMISSION_BOOKED = "admission_booked"
    FOLLOW_UP = "follow_up"
    DISCHARGED = "discharged"
    REFERRAL_CANCELLED = "referral_cancelled"
    CANNOT_SEE = "cannot_see"

    @property
    def number(self) -> int:
        """The number of this state in the table, 0 to 21."""
        return list(State).index(self)


def plain(code: str | None) -> str:
    """A code without case, hyphens, underscores or spaces; "" for None.

    >>> plain("APPT_CANCELLED-by Patient")
    'apptcancelledbypatient'
    """
    return "".join(sign for sign in (code or "").casefold() if sign.isalnum())


def _table(codes: dict[State, str]) -> dict[str, State]:
    """Turn "state: codes, split by spaces" into "plain code: state"."""
    return {plain(code): state for state, words in codes.items() for code in words.split()}


# [R1] both enumerations (STU3 eRS-ReferralState-1 and R4 eRS-ReferralState), [R5], and the two
# FHIR statuses that say something by themselves.
_ERS = _table(
    {
        State.GP_NOT_SENT: "draft",
        State.TO_BOOK: "NOT_BOOKED",
        State.HOSPITAL_TO_BOOK: "DEFERRED_TO_PROVIDER DEFER_TO_PROVIDER",
        State.IN_TRIAGE: "AWAITING_TRIAGE",
        State.ACCEPTED_TO_BOOK: "ARBL CARBL_OR_ARL",
        State.RETURNED_TO_GP: "TRIAGE_RESPONSE ASSESSMENT_RESULT",
        State.REJECTED: "REJECTED",
        State.BOOKED: "BOOKED",
        State.CANCELLED_BY_PATIENT: (
            "APPT_CANCELLED_BY_PATIENT APP_CANCELLED_BY_PATIENT APPOINTMENT_CANCELLED_BY_PATIENT"
        ),
        State.CANCELLED_BY_HOSPITAL: (
            "APPT_CANCELLED_BY_PROVIDER APP_CANCELLED_BY_PROVIDER"
            " APPOINTMENT_CANCELLED_BY_PROVIDER CARL"
        ),
        State.MISSED: "DID_NOT_ATTEND",
        State.REFERRAL_CANCELLED: "CANCELLED_REFERRAL revoked",
    }
)

# [R1] TRIAGED_PROVIDER_TO_ACTION means accepted, returned or cancelled: by its reason.
_TRIAGED = _table(
    {
        State.ACCEPTED_TO_BOOK: (
            "ACCEPT_REFER_BOOK_LATER PROVIDER_CONVERTED_ADVICE_AND_GUIDANCE_ADMIN_TO_REFER"
        ),
        State.RETURNED_TO_GP: "RETURN_TO_REFERRER_WITH_ADVICE",
        State.CANCELLED_BY_HOSPITAL: "CANCEL_APPOINTMENT_ACTION_LATER",
    }
)

# [R1] A closed or cancelled request for advice is with the GP again [D]. ADVICE_CONVERTED and
# INCOMPLETE are left out on purpose: the first is followed by a referral of its own, and what
# the second promises the patient wasn't found anywhere.
_ADVICE = _table(
    {
        State.ADVICE_REQUESTED: "PROVIDER_RESPONSE_REQUIRED",
        State.ADVICE_BACK_WITH_GP: (
            "REFERRER_TO_REVIEW_RESPONSE REFERRER_TO_REVIEW REFERRER_TO_SUBMIT_FURTHER_INFORMATION"
            " ENDED_CLOSED ENDED_CANCELLED"
        ),
        State.ACCEPTED_TO_BOOK: "TO_BE_CONVERTED",
    }
)

# [R1] Only lists that mean one state. The others mix states: their rows carry a status.
_WORKLISTS = _table(
    {
        State.GP_NOT_SENT: "LETTERS_OUTSTANDING",
        State.ADVICE_REQUESTED: "ADVICE_AND_GUIDANCE_REQUESTS",
        State.HOSPITAL_TO_BOOK: "APPOINTMENT_SLOT_ISSUES APPOINTMENTS_FOR_BOOKING",
    }
)

# [R1] eRS-ReviewReason-1 and eRS-BookingReason-1: the reasons in worklists and appointments.
REASONS = _table(
    {
        State.IN_TRIAGE: "TRIAGE",
        State.HOSPITAL_TO_BOOK: (
            "NO_SLOTS_AT_SERVICE SLOT_NOT_AVAILABLE BOOKING_ATTEMPT_PROBLEM DEFERRED_TO_PROVIDER"
            " REBOOKING ONWARD_REFERRAL"
        ),
        State.ACCEPTED_TO_BOOK: (
            "TRIAGE_TO_BE_BOOKED TRIAGE_SEE_COMMENTS TRIAGE_ANG_CONVERTED_SEE_COMMENTS"
        ),
        State.CANCELLED_BY_PATIENT: "CANCELLED_BY_PATIENT",
        State.CANCELLED_BY_HOSPITAL: "CANCELLED_BY_PROVIDER CANCELLED_APPOINTMENT_ADMIN_REBOOK",
        State.MISSED: "DNA",
    }
)

_TASKS = _table(
    {State.HOSPITAL_TO_BOOK: "APPOINTMENT_DEFERRAL", State.IN_TRIAGE: "TRIAGE_DEFERRAL"}
)
_CLOSED_TASKS = {"completed", "cancelled", "rejected", "failed", "enteredinerror"}

# [R3] `bookableWasCancelled` doesn't say who cancelled; the state's sentence doesn't either.
# "In review" stays in review when its date has passed: `next_step` judges that.
_WAYFINDER = _table(
    {
        State.TO_BOOK: "bookable readyToBook",
        State.CANCELLED_BY_PATIENT: "bookableWasCancelled readyToRebook",
        State.IN_TRIAGE: "inReview inReviewOverdue overdueInReview reviewOverdue",
    }
)

# Reasons (or state codes) after which the hospital's own staff make the new date [R1][R5].
HOSPITAL_REBOOKS = frozenset(
    plain(code)
    for code in ("CARL", "CANCEL_APPOINTMENT_ACTION_LATER", "CANCELLED_APPOINTMENT_ADMIN_REBOOK")
)


def from_ers_state(code: str, reason: str | None = None) -> State | None:
    """e-RS referral state, STU3 or R4, with its reason code [R1][R5].

    R4 lists the states of advice requests in the same code system: they are read here too.
    """
    if plain(code) == "triagedprovidertoaction":
        return _TRIAGED.get(plain(reason))
    return _ERS.get(plain(code)) or from_advice_state(code)


def from_advice_state(code: str) -> State | None:
    """e-RS state of an advice-and-guidance request [R1]."""
    return _ADVICE.get(plain(code))


def from_ers_worklist(
    list_type: str, status: str | None = None, reason: str | None = None
) -> State | None:
    """e-RS worklist type, with the status and reason code of one row when it has them [R1].

    A row's own status or reason says more than the list it stands in, so it goes first.
    """
    own = from_ers_state(status, reason) if status else REASONS.get(plain(reason))
    return own or _WORKLISTS.get(plain(list_type))


def from_ers_task(code: str, status: str | None = None) -> State | None:
    """e-RS patient-care Task code [R2]; None as well when the task is closed by its status."""
    return None if plain(status) in _CLOSED_TASKS else _TASKS.get(plain(code))


def from_wayfinder_referral(code: str) -> State | None:
    """State of a referral in the Patient Care Aggregator [R3][R4]."""
    return _WAYFINDER.get(plain(code))
