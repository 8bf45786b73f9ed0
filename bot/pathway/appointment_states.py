"""Which state an appointment or a care plan puts a referral in.

Called by `fhir` (the importer), beside `states`. [R1] e-RS, [R3] Wayfinder, [R15] UK Core
OutcomeOfAttendance, [D] our choice, [M] general knowledge.
"""

from __future__ import annotations

from bot.pathway.states import REASONS, State, plain

ADMISSION_CLASSES = frozenset({"inpatient", "daycase", "imp", "acute", "nonac", "ss"})
_OUTCOMES = {"1": State.DISCHARGED, "2": State.FOLLOW_UP, "3": State.FOLLOW_UP}  # [R15]
_BOOKED = {"booked", "arrived", "checkedin"}
_PENDING = {
    "bookedpendingcancellation",
    "bookedpendingreschedule",
    "bookedpendingchange",
    "cancelledpendingreschedule",
}
_BY_HOSPITAL = {"prov", "provider", "hospital"}


def from_appointment(
    status: str,
    *,
    request_status: str | None = None,
    encounter_class: str | None = None,
    past: bool | None = None,
    outcome: str | None = None,
    reason: str | None = None,
    cancelled_by: str | None = None,
    diagnostic: bool = False,
    care_plan_active: bool = False,
) -> State | None:
    """State that an appointment means for its referral; None when it can't be placed.

    status: FHIR appointment status or Wayfinder portal status (`bookedPendingReschedule` …).
    request_status: Extension-Appointment-RequestStatus, such as "Pending Reschedule" [R3].
    encounter_class: Extension-Encounter-Class [R3].
    past: True when its time has passed, None when the time is unknown. A booked appointment
        stays booked when it is past: the record doesn't say what happened, nor do we.
    outcome: OutcomeOfAttendance code [R15], read unless the appointment is still to come.
    reason: e-RS review reason of a `proposed` appointment: triage or deferral, not an offer [R1].
    cancelled_by: "patient"/"pat" or "provider"/"prov". Unknown counts as the patient's, whose
        sentence doesn't say who cancelled [D].
    diagnostic, care_plan_active: a fulfilled test on an active care plan infers
        RESULTS_AWAITED; any other fulfilled appointment on one, FOLLOW_UP [D].
    """
    code = plain(status)
    if code in _BOOKED | {"fulfilled"} and past is not False and plain(outcome) in _OUTCOMES:
        return _OUTCOMES[plain(outcome)]
    if code in _PENDING or (code in _BOOKED and plain(request_status).startswith("pending")):
        return State.CHANGE_PENDING
    if code in _BOOKED:
        admission = plain(encounter_class) in ADMISSION_CLASSES
        return State.ADMISSION_BOOKED if admission else State.BOOKED
    if code == "fulfilled" and care_plan_active:
        return State.RESULTS_AWAITED if diagnostic else State.FOLLOW_UP
    if code in {"cancelled", "canceled"}:
        by_hospital = plain(cancelled_by) in _BY_HOSPITAL
        return State.CANCELLED_BY_HOSPITAL if by_hospital else State.CANCELLED_BY_PATIENT
    if code == "proposed":
        return REASONS.get(plain(reason))
    return {
        "noshow": State.MISSED,
        "waitlist": State.WAITING_LIST,
        "pending": State.APPOINTMENT_OFFERED,  # [M] FHIR: not everybody has confirmed yet
        "unconfirmed": State.APPOINTMENT_OFFERED,
    }.get(code)


def from_care_plan(status: str, *, questionnaire_type: str | None = None) -> State | None:
    """State that a hospital's care plan means when it has no appointment that says more [R3].

    Don't ask it about the consumer API's care plan, which only wraps a patient's whole list.
    `completed` is "treated or discharged": the sentence of DISCHARGED says no more than that.
    questionnaire_type: `pifu-triage` on an active plan means follow-up when the patient asks.
    """
    if plain(status) == "active":
        pifu = plain(questionnaire_type) == "pifutriage"
        return State.FOLLOW_UP if pifu else State.WAITING_LIST
    return {"completed": State.DISCHARGED, "revoked": State.REFERRAL_CANCELLED}.get(plain(status))
