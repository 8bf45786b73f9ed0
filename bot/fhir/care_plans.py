"""CarePlan → its referrals and appointments, or a place on a waiting list.

Called by `convert`. The Patient Care Aggregator's consumer API wraps a patient's whole list in
one CarePlan, an activity each; a hospital's own CarePlan is a pathway, with waits [R3]. Waits are
extensions of the plan, of its period, or of an activity's period.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from bot.fhir.appointments import medium_of, status_of
from bot.fhir.dates import day, instant, weeks
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import (
    PATHWAY_SYSTEMS,
    linked_ubrn,
    request_keys,
    ubrn,
    ubrn_of,
    values_of,
)
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import organisation, person
from bot.fhir.records import AppointmentRecord, CarePlanRecord, Json, ReferralRecord
from bot.fhir.references import Origin, PersonRef
from bot.fhir.referrals import STATE, own_keys, priority_of, state_of
from bot.fhir.specialties import is_test, specialty, suspected_cancer
from bot.fhir.tree import (
    as_dict,
    as_list,
    code,
    extension_value,
    first_text,
    label,
    text,
    walk,
)
from bot.pathway.appointment_states import ADMISSION_CLASSES, from_care_plan
from bot.pathway.states import plain

Found = ReferralRecord | AppointmentRecord | CarePlanRecord | Rejection
BESIDE = {"DocumentReference", "Task", "QuestionnaireResponse", "Questionnaire", "Communication"}
"""Activities that come along and hold nothing that is kept."""


def read_care_plan(entry: Entry) -> Iterator[Found]:
    """Each activity of a wrapper; the plan itself when it has a period, waits or an identifier."""
    resource = entry.resource
    origin = origin_of(entry, "", "created", "authoredOn")
    if origin.source == "ers":  # e-RS speaks of care plans only through the aggregator
        origin = replace(origin, source="wayfinder")
    patient = person(entry, resource.get("subject"))
    raw = resource.get("activity")
    activities = raw if isinstance(raw, list) else as_list(raw)
    for number, activity in enumerate(activities):
        place = ".".join(part for part in (entry.label, f"activity[{number}]") if part)
        own = replace(origin, entry=place, name="activity")
        yield from _activity(entry, activity, own, patient)
    waits = _waits(resource)
    own_plan = (
        resource.get("period") or any(w is not None for w in waits) or resource.get("identifier")
    )
    if own_plan or not activities:
        yield _plan(entry, origin, patient)


def _plan(entry: Entry, origin: Origin, patient: PersonRef) -> CarePlanRecord | Rejection:
    resource = entry.resource
    status = code(resource.get("status")) or ""
    pathway = next((text(v) for v, _ in values_of(resource, PATHWAY_SYSTEMS) if text(v)), None)
    source_id = pathway or text(resource.get("id")) or text(entry.url)
    if not source_id:
        return reject(origin, "it has no id and no pathway. Return it to the sender.")
    period = as_dict(resource.get("period"))
    number = ubrn_of(resource) or linked_ubrn(extension_value(resource, "Portal-Link"))
    keys = own_keys(entry, number) + ((f"pathway:{pathway}",) if pathway else ())
    linked = request_keys(resource, "basedOn", "replaces")
    linked += tuple(k for a in walk(resource, "activity") for k in request_keys(a, "reference"))
    kind = code(extension_value(resource, "Questionnaire-Type"))
    ended = plain(status) in ("completed", "revoked")
    planned, p80 = _waits(resource)
    names = _names(resource)
    shown, specialty_code = specialty(*names)
    performers = [
        *walk(resource, "author"),
        *walk(resource, "contributor"),
        *walk(resource, "activity", "detail", "performer"),
    ]
    return CarePlanRecord(
        origin=origin,
        source_id=source_id,
        patient=patient,
        status=status[:40],
        keys=tuple(dict.fromkeys(keys)),
        referral_keys=tuple(dict.fromkeys(linked)),
        ubrn=number or next((k[5:] for k in linked if k.startswith("ubrn:")), None),
        state=from_care_plan(status, questionnaire_type=kind),
        since=day(period.get("end")) if ended else day(period.get("start")),
        referred_on=day(period.get("start")),
        planned_wait_weeks=planned,
        p80_wait_weeks=p80,
        specialty=shown,
        specialty_code=specialty_code,
        priority=priority_of(resource, *names),
        provider=organisation(entry, performers, "hospital"),
    )


def _names(node: Json) -> list[str | None]:
    """What names the specialty of a plan or an activity, the most telling first."""
    concepts = as_list(extension_value(node, "Specialty"))
    concepts += walk(node, "category") + walk(node, "code")
    names = [name for concept in concepts for name in (label(concept), code(concept))]
    return [*names, first_text(node, "title"), first_text(node, "description")]


def _waits(node: Json) -> tuple[int | None, int | None]:
    """(planned, 80th percentile) in weeks, from the plan or detail and its periods."""
    places = [node, *walk(node, "period"), *walk(node, "scheduledPeriod")]

    def wait(name: str) -> int | None:
        found = [weeks(extension_value(place, name)) for place in places]
        return next((w for w in found if w is not None), None)

    return wait("PlannedWaitTime"), wait("80thPercentileWaitTime")


def _activity(
    entry: Entry, activity: object, origin: Origin, patient: PersonRef
) -> Iterator[Found]:
    detail = as_dict(as_dict(activity).get("detail"))
    kind = text(detail.get("kind"))
    if kind in BESIDE or (not detail and as_dict(activity).get("reference")):
        return
    link = linked_ubrn(extension_value(detail, "Portal-Link"))
    own_id = text(detail.get("id"))
    linked = request_keys(activity, "reference")
    number = next((k[5:] for k in linked if k.startswith("ubrn:")), None) or link
    if own_id and len(own_id) == 12:
        number = ubrn(own_id) or number
    name = first_text(detail, "description")
    parts = (patient.nhs_number, str(detail.get("scheduledPeriod")), name)
    made_up = "x" + hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:24]
    waits = _waits(detail)
    if kind == "Appointment" or extension_value(detail, "Appointment-Status") is not None:
        yield _appointment(entry, detail, origin, patient, own_id or made_up, number)
    elif extension_value(detail, *STATE) is not None or (
        kind == "ServiceRequest" and not any(waits)
    ):
        yield _referral(entry, detail, origin, patient, own_id or number or made_up, number)
    elif any(wait is not None for wait in waits):
        yield _waiting(entry, detail, origin, patient, own_id or number or made_up, number)
    else:
        yield reject(origin, "it is not of a kind that Waymark keeps.")


def _referral(
    entry: Entry, detail: Json, origin: Origin, patient: PersonRef, own_id: str, number: str | None
) -> ReferralRecord:
    period = as_dict(detail.get("scheduledPeriod"))
    state, reason, problem = state_of(detail, False)
    names = _names(detail)
    shown, specialty_code = specialty(*names)
    planned, p80 = _waits(detail)
    return ReferralRecord(
        origin=origin,
        source_id=own_id,
        patient=patient,
        keys=_keys(own_id, number),
        ubrn=number,
        state=state,
        problem=problem,
        reason=reason,
        referred_on=day(period.get("start")),
        review_due=day(extension_value(period, "eRS-ReviewDueDate"))
        or day(extension_value(detail, "eRS-ReviewDueDate")),
        priority=priority_of(detail, *names),
        specialty=shown,
        specialty_code=specialty_code,
        provider=organisation(entry, detail.get("performer"), "hospital"),
        planned_wait_weeks=planned,
        p80_wait_weeks=p80,
    )


def _waiting(
    entry: Entry, detail: Json, origin: Origin, patient: PersonRef, own_id: str, number: str | None
) -> CarePlanRecord:
    period = as_dict(detail.get("scheduledPeriod"))
    names = _names(detail)
    shown, specialty_code = specialty(*names)
    planned, p80 = _waits(detail)
    return CarePlanRecord(
        origin=origin,
        source_id=own_id,
        patient=patient,
        status="active",
        keys=_keys(own_id, number),
        ubrn=number,
        state=from_care_plan("active"),
        referred_on=day(period.get("start")),
        planned_wait_weeks=planned,
        p80_wait_weeks=p80,
        specialty=shown,
        specialty_code=specialty_code,
        priority=priority_of(detail, *names),
        provider=organisation(entry, detail.get("performer"), "hospital"),
    )


def _keys(own_id: str, number: str | None) -> tuple[str, ...]:
    return (f"request:{own_id}", *([f"ubrn:{number}"] if number else []))


def _appointment(
    entry: Entry, detail: Json, origin: Origin, patient: PersonRef, own_id: str, number: str | None
) -> AppointmentRecord | Rejection:
    words = {"scheduled": "booked", "completed": "fulfilled", "cancelled": "cancelled"}
    feed = code(extension_value(detail, "Appointment-Status"))
    feed = feed or words.get(code(detail.get("status")) or "") or ""
    status = status_of(feed, None, None)
    if not status:
        return reject(origin, "its appointment status isn't known. Return it to the sender.")
    period = as_dict(detail.get("scheduledPeriod"))
    names = _names(detail)
    shown, specialty_code = specialty(*names)
    clinic = label(detail.get("location"))
    encounter_class = code(extension_value(detail, "Encounter-Class"))
    return AppointmentRecord(
        origin=origin,
        source_id=own_id,
        patient=patient,
        status=status,
        feed_status=feed,
        referral_keys=(f"ubrn:{number}",) if number else (),
        ubrn=number,
        starts_at=instant(period.get("start")) if status != "proposed" else None,
        ends_at=instant(period.get("end")),
        medium=medium_of(extension_value(detail, "Consultation-Medium")),
        clinic=None if suspected_cancer(clinic) else clinic,
        admission=plain(encounter_class) in ADMISSION_CLASSES,
        specialty=shown,
        specialty_code=specialty_code,
        provider=organisation(entry, detail.get("performer"), "hospital"),
        encounter_class=encounter_class,
        diagnostic=is_test(*names),
        urgent=suspected_cancer(*names, clinic),
    )
