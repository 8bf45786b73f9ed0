"""The console's words: what a code of the record or of a hand-off is called in English.

Used by every page. Patients never read these; their sentences are in domain.yml.
"""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from bot.language.catalogues import direction, own_name
from bot.pathway.limbo import Limbo, Missing
from bot.pathway.limits import Holder
from bot.pathway.states import State

REASONS = {
    "asked_for": "Asked for a person",
    "red_flag": "Words that may mean an emergency",
    "worsening": "Feels worse",
    "not_understood": "Not understood twice",
    "identity_failed": "Could not be verified",
    "overdue_referral": "Referral overdue",
    "complaint": "Complaint",
    "appointment_change": "Change of appointment",
    "interface_issue": "Problem between GP and hospital",
    "interpreter": "Needs an interpreter",
    "access_support": "Needs access support",
    "carer_access": "Wants to ask for somebody else",
    "data_request": "Asks about their data",
    "call_back": "Wants to be called back",
}
KINDS = {"chat": "Chat", "task": "Task"}
PRIORITIES = {1: "Urgent", 2: "High", 3: "Normal", 4: "Low"}
HANDOFF_STATES = {
    "waiting": "Waiting",
    "claimed": "Claimed",
    "resolved": "Resolved",
    "withdrawn": "Withdrawn by the patient",
}
WITHDRAWN_BY_WATCH = "Withdrawn: the referral has moved on"
NOT_VERIFIED = "Not verified"
NOT_SHOWN = "Record not shown"
"""Instead of a name: nobody was verified in the chat; the record may not be opened here."""
LEFT_WITH = {
    "nobody": "Nobody: everything is done",
    "hospital": "The hospital",
    "gp_practice": "The GP practice",
    "patient": "The patient",
    "coordinator": "A coordinator",
}
IDENTITY_METHODS = {
    "invitation": "by invitation and date of birth",
    "code": "by a code sent to the phone on record",
    "staff": "by staff",
}
VERIFIED_BY = {
    "phone": "I called the number on record",
    "in_person": "The patient is here and I have seen proof",
}
CALL_STATES = {
    "requested": "Requested",
    "booked": "Booked",
    "held": "Held",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
BASES = {
    "consent": "The patient agrees",
    "attorney": "Lasting power of attorney for health",
    "deputy": "Court-appointed deputy",
    "best_interests": "Best-interests decision",
    "parental_responsibility": "Parental responsibility (below 16)",
}
SCOPES = {
    "appointments": "Appointments only",
    "all": "All that Waymark tells the patient",
}
WITHDRAWAL_REASONS = {
    "patient": "The patient no longer agrees",
    "carer": "This person no longer asks for the patient",
    "concern": "A safeguarding concern",
    "mistake": "It was recorded by mistake",
    "other": "Another reason",
}
REFERRAL_STATES = {
    State.GP_NOT_SENT: "Not sent by the GP practice yet",
    State.ADVICE_REQUESTED: "GP has asked a specialist for advice",
    State.ADVICE_BACK_WITH_GP: "Specialist's advice is back with the GP",
    State.TO_BOOK: "For the patient to book",
    State.HOSPITAL_TO_BOOK: "For the hospital to book",
    State.IN_TRIAGE: "Being read by the hospital (triage)",
    State.ACCEPTED_TO_BOOK: "Accepted; the hospital will book",
    State.RETURNED_TO_GP: "Returned to the GP with advice",
    State.REJECTED: "Rejected by the hospital",
    State.WAITING_LIST: "On a waiting list",
    State.APPOINTMENT_OFFERED: "Appointment offered, to be confirmed",
    State.BOOKED: "Appointment booked",
    State.CHANGE_PENDING: "Change of appointment asked for",
    State.CANCELLED_BY_PATIENT: "Appointment cancelled by the patient",
    State.CANCELLED_BY_HOSPITAL: "Appointment cancelled by the hospital",
    State.MISSED: "Appointment missed",
    State.RESULTS_AWAITED: "Results awaited",
    State.ADMISSION_BOOKED: "Admission booked",
    State.FOLLOW_UP: "Follow-up",
    State.DISCHARGED: "Treated or discharged",
    State.REFERRAL_CANCELLED: "Referral cancelled",
    State.CANNOT_SEE: "Can't be seen here",
}
REFERRAL_PRIORITIES = {
    "routine": "Routine",
    "urgent": "Urgent",
    "two_week_wait": "Urgent (suspected cancer pathway)",
}
HOLDERS = {
    Holder.GP_PRACTICE: "GP practice",
    Holder.HOSPITAL: "Hospital",
    Holder.PATIENT: "Patient",
    Holder.NOBODY_KNOWN: "Nobody known",
}
MISSING = {
    Missing.SENDING: "The GP practice has not sent the referral",
    Missing.ADVICE: "The specialist has not answered the GP's question",
    Missing.GP_DECISION: "The GP has not decided what happens next",
    Missing.PATIENT_BOOKING: "The patient has not booked",
    Missing.BOOKING: "The hospital has not booked an appointment",
    Missing.TRIAGE: "The hospital has not decided on the referral (triage)",
    Missing.FIRST_DATE: "The hospital has given no date",
    Missing.PATIENT_ANSWER: "The patient has not answered the offer of an appointment",
    Missing.OUTCOME: "The appointment has passed, and no outcome is recorded",
    Missing.ANSWER_TO_CHANGE: "The hospital has not answered the wish for another day",
    Missing.NEW_DATE: "There is no new appointment after the last one fell through",
    Missing.RESULTS: "No results are recorded",
}
"""What should have happened to a referral in limbo."""
WHOM = {
    Holder.GP_PRACTICE: "The GP practice",
    Holder.HOSPITAL: "The hospital",
    Holder.PATIENT: "The patient, and the GP practice if they can't be reached",
}
"""Whom staff chase."""
NO_HOSPITAL = "Hospital not in the record"
STANDARDS = {
    "18_weeks": "18 weeks from referral",
    "14_days": "contact within two weeks",
    "review_due": "the hospital's own review date",
    "6_weeks": "test within six weeks",
    "28_days": "answer within 28 days",
}
MEDIA = {"face_to_face": "Face to face", "telephone": "By telephone", "video": "By video"}
REQUEST_KINDS = {
    "confirm": "Will come",
    "cannot_come": "Cannot come",
    "another_day": "Asks for another day",
    "interpreter": "Asks for an interpreter",
    "access": "Asks for support",
}
REQUEST_STATES = {
    "asked": "Open",
    "changed": "The record changed",
    "answered": "Settled by staff",
    "withdrawn": "Taken back",
}
APPOINTMENT_STATUSES = {
    "proposed": "Proposed",
    "offered": "Offered",
    "booked": "Booked",
    "change_pending": "Change pending",
    "cancelled_by_patient": "Cancelled by the patient",
    "cancelled_by_hospital": "Cancelled by the hospital",
    "cancelled": "Cancelled",
    "missed": "Missed",
    "fulfilled": "Took place",
}
PARTS_OF_DAY = {"morning": "Mornings", "afternoon": "Afternoons", "any": "No preference"}
WEEKDAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
EARLIEST = {
    "soon": "As soon as possible",
    "2_weeks": "In 2 weeks or later",
    "4_weeks": "In 4 weeks or later",
}
SUPPORT = {
    "wheelchair": "Space for a wheelchair",
    "transport": "Transport to the hospital",
    "hearing": "Help with hearing",
    "sight": "Large print or help with seeing",
    "companion": "Somebody who comes along",
}
IDENTIFIERS = {
    "family-name": "family name",
    "nhs-number": "NHS number",
    "date-of-birth": "date of birth",
    "unclear-date": "date",
    "unreadable-date": "date",
    "code": "one-time code",
    "phone": "phone number",
    "postcode": "postcode",
    "reference": "booking reference",
    "number": "number",
}
"""What stands behind a token in a text (`bot.language.identifiers.KINDS`)."""
PROVIDERS = {
    "libretranslate": "LibreTranslate",
    "deepl": "DeepL",
    "microsoft": "Microsoft Translator",
    "google": "Google Translate",
}
TRANSLATION_FAULTS = {
    "none": "no translator is configured",
    "slow": "the translator took too long",
    "down": "the translator could not be reached",
    "busy": "the translator is not answering just now",
    "nonsense": "the translator gave no usable answer",
    "unsupported": "the translator does not know this language",
}
"""`bot.errors.TranslationFailed.reason` in words."""
RED_FLAG_CARDS = {
    "emergency": "999 or A&E",
    "crisis": "mental health crisis",
    "safeguarding": "safeguarding",
    "urgent": "111 or GP today",
}


SIGN_LANGUAGE = "bfi"
"""British Sign Language's code (ISO 639-3); Babel has no name for it."""
INTERPRETED = ("ar", "bn", "es", "fa", "fr", "it", "ne", "pl", "pt", "ro") + (
    "ru",
    "so",
    "sq",
    "ta",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
    SIGN_LANGUAGE,
)
"""Languages to choose from when an interpreter is asked for (design, section 4)."""


def limbo_priority(limbo: Limbo) -> str:
    """How soon somebody must look at a referral in limbo."""
    return "Today" if limbo.same_day else "Urgent" if limbo.urgent else "Routine"


def language_name(code: str | None) -> str:
    """A language in English, with its own name: "Polish (polski)".

    >>> language_name("pl"), language_name("en"), language_name(None)
    ('Polish (polski)', 'English', 'Not known yet')
    """
    if not code:
        return "Not known yet"
    if code == SIGN_LANGUAGE:
        return "British Sign Language"
    try:
        english = Locale.parse(code).get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code
    return english if code == "en" else f"{english} ({own_name(code)})"


def writing(code: str | None) -> dict[str, str]:
    """The `lang` and `dir` of a text; unknown languages find their own direction.

    >>> writing("ar"), writing(None)
    ({'lang': 'ar', 'dir': 'rtl'}, {'dir': 'auto'})
    """
    if not code:
        return {"dir": "auto"}
    try:
        return {"lang": code, "dir": direction(code)}
    except (UnknownLocaleError, ValueError):
        return {"dir": "auto"}


def provider_name(provider: str | None) -> str:
    """Who translated."""
    return PROVIDERS.get(provider or "", provider or "unknown")


def fault(reason: str | None) -> str:
    """Why there is no translation."""
    return TRANSLATION_FAULTS.get(reason or "", "the translator failed")
