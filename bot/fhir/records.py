"""What the reader makes of a resource: small frozen records, one class a kind.

Made by the modules of each kind (`patients`, `referrals` …); written to the tables by
`bot.services.import_records`. None always means that the payload doesn't say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar

from bot.fhir.references import Contact, OrganisationRef, Origin, PersonRef
from bot.pathway.states import State


class Content:
    """A record whose content can be compared, wherever and whenever it was read."""

    COUNTED_AS: ClassVar[str] = ""

    def digest(self) -> str:
        """SHA-256 of all that the record says, without its origin."""
        said = [repr(getattr(self, f.name)) for f in fields(self) if f.name != "origin"]  # type: ignore[arg-type]
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


@dataclass(frozen=True)
class PatientRecord(Content):
    """A person. complete: the source is the register (PDS), what it leaves out isn't so.

    supersedes: older NHS numbers of the same person; superseded_by: the newer one.
    """

    COUNTED_AS = "patients"
    origin: Origin
    nhs_number: str
    keys: tuple[str, ...] = ()
    birth_date: date | None = None
    family_name: str | None = None
    given_name: str | None = None
    postcode: str | None = None
    phone: str | None = None
    language: str | None = None
    interpreter_required: bool | None = None
    practice: OrganisationRef | None = None
    restricted: bool | None = None
    deceased: bool | None = None
    superseded_by: str | None = None
    supersedes: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True)
class OrganisationRecord(Content):
    """A GP practice, a hospital, or a hospital's service with its contact for patients."""

    COUNTED_AS = "organisations"
    origin: Origin
    organisation: OrganisationRef
    contacts: tuple[Contact, ...] = ()
    is_service: bool = False


@dataclass(frozen=True)
class ReferralRecord(Content):
    """One request for care. state None: the source doesn't show it, or (problem) unknowably.

    advice: a request for advice, not yet a referral. reason: the feed's reason code, else the
    state code itself. since: the day on which the state began.
    """

    COUNTED_AS = "referrals"
    origin: Origin
    source_id: str
    patient: PersonRef
    keys: tuple[str, ...] = ()
    ubrn: str | None = None
    advice: bool = False
    state: State | None = None
    problem: str | None = None
    reason: str | None = None
    since: date | None = None
    referred_on: date | None = None
    clock_start: date | None = None
    review_due: date | None = None
    priority: str | None = None
    specialty: str | None = None
    specialty_code: str | None = None
    provider: OrganisationRef | None = None
    referrer: OrganisationRef | None = None
    interpreter_requested: bool | None = None
    planned_wait_weeks: int | None = None
    p80_wait_weeks: int | None = None


@dataclass(frozen=True)
class CarePlanRecord(Content):
    """A hospital's plan for a patient: the waiting list, with its waits in weeks [R3].

    questionnaire_type: "pifu-triage" and the like. referral_keys: the referral it follows from.
    """

    COUNTED_AS = "care_plans"
    origin: Origin
    source_id: str
    patient: PersonRef
    status: str
    keys: tuple[str, ...] = ()
    referral_keys: tuple[str, ...] = ()
    ubrn: str | None = None
    state: State | None = None
    since: date | None = None
    referred_on: date | None = None
    planned_wait_weeks: int | None = None
    p80_wait_weeks: int | None = None
    specialty: str | None = None
    specialty_code: str | None = None
    priority: str | None = None
    provider: OrganisationRef | None = None


@dataclass(frozen=True)
class AppointmentRecord(Content):
    """An appointment. status: one of `bot.records.models.APPOINTMENT_STATES`.

    feed_status … diagnostic: what `bot.pathway.appointment_states.from_appointment` asks for.
    urgent: it is in a clinic for suspected cancer, a label that is never kept or shown.
    """

    COUNTED_AS = "appointments"
    origin: Origin
    source_id: str
    patient: PersonRef
    status: str
    feed_status: str
    referral_keys: tuple[str, ...] = ()
    ubrn: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    medium: str | None = None
    clinic: str | None = None
    address: str | None = None
    instructions: str | None = None
    admission: bool = False
    specialty: str | None = None
    specialty_code: str | None = None
    provider: OrganisationRef | None = None
    request_status: str | None = None
    encounter_class: str | None = None
    outcome: str | None = None
    reason: str | None = None
    cancelled_by: str | None = None
    diagnostic: bool = False
    urgent: bool = False


@dataclass(frozen=True)
class TaskRecord(Content):
    """Something that somebody has to do for a referral: a triage or booking to finish [R2].

    state None: it doesn't move the referral (closed, a questionnaire).
    """

    COUNTED_AS = "tasks"
    origin: Origin
    patient: PersonRef
    referral_keys: tuple[str, ...]
    state: State | None = None
    review_due: date | None = None


@dataclass(frozen=True)
class AdviceMessageRecord(Content):
    """A message between GP and specialist: tells whose turn it is [R1]. Its text isn't read."""

    COUNTED_AS = "advice_messages"
    origin: Origin
    referral_keys: tuple[str, ...]
    state: State
    since: date | None = None


@dataclass(frozen=True)
class InterpreterFlagRecord(Content):
    """A flag that says that a patient needs an interpreter. Other flags aren't kept."""

    COUNTED_AS = "flags"
    origin: Origin
    patient: PersonRef


Record = (
    PatientRecord
    | OrganisationRecord
    | ReferralRecord
    | CarePlanRecord
    | AppointmentRecord
    | TaskRecord
    | AdviceMessageRecord
    | InterpreterFlagRecord
)
Json = dict[str, Any]
