"""Appointment → AppointmentRecord: e-RS, Wayfinder, BaRS, UK Core.

Called by `convert`, and by `care_plans` for the appointments inside a Wayfinder care plan. What
an appointment means for its referral is judged later, by `from_appointment`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.fhir.dates import instant
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import linked_ubrn, request_keys, ubrn
from bot.fhir.origins import origin_of, reject
from bot.fhir.participants import patient_of, place_of, provider_of
from bot.fhir.records import AppointmentRecord, Json
from bot.fhir.references import Origin
from bot.fhir.referrals import own_keys
from bot.fhir.specialties import is_test, specialty, suspected_cancer
from bot.fhir.tree import (
    LONG,
    as_dict,
    as_list,
    code,
    extension_value,
    first_text,
    label,
    text,
    walk,
)
from bot.pathway.appointment_states import ADMISSION_CLASSES
from bot.pathway.states import plain

STATUSES = {
    "booked": "booked",
    "arrived": "booked",
    "checkedin": "booked",
    "fulfilled": "fulfilled",
    "noshow": "missed",
    "proposed": "proposed",
    "waitlist": "proposed",
    "pending": "offered",
    "unconfirmed": "offered",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "enteredinerror": "cancelled",
    "bookedpendingcancellation": "change_pending",
    "bookedpendingreschedule": "change_pending",
    "bookedpendingchange": "change_pending",
    "cancelledpendingreschedule": "change_pending",
}
MEDIA = (
    ("video", ("video", "virtual", "camera", "online")),
    ("telephone", ("phone", "tele")),
    ("face_to_face", ("face", "person")),
)
SAID_BY = {"pat": "patient", "patient": "patient", "prov": "provider", "provider": "provider"}


def read_appointment(entry: Entry) -> Iterator[AppointmentRecord | Rejection]:
    """The appointment; a rejection without a known status, an id, or a patient to look for."""
    resource, origin = entry.resource, origin_of(entry, "", "created")
    if entry.container is not None and entry.container.get("resourceType") == "Appointment":
        return
    feed_status = code(resource.get("status")) or ""
    keys = request_keys(resource, "basedOn", "incomingReferral")
    link = linked_ubrn(extension_value(resource, "Portal-Link"))
    number = next((k[5:] for k in keys if k.startswith("ubrn:")), None) or link
    if entry.container:
        keys += tuple(k for k in _container_keys(entry) if k not in keys)
        number = number or next((k[5:] for k in keys if k.startswith("ubrn:")), None)
    request_status = code(extension_value(resource, "Appointment-RequestStatus"))
    status = status_of(feed_status, request_status, _cancelled_by(resource))
    source_id = _source_id(entry, number)
    if not status or not source_id:
        why = "its status isn't known" if source_id else "it has no id"
        yield reject(origin, f"{why}. Return it to the sender.")
        return
    names = _names(entry, origin.source)
    shown, specialty_code = specialty(*names)
    encounter_class = _encounter_class(resource)
    clinic, where = place_of(entry)
    provider = provider_of(entry)
    services = [text(d) for d in walk(resource, "participant", "actor", "display")]
    period = as_dict(next(iter(walk(resource, "requestedPeriod")), {}))
    yield AppointmentRecord(
        origin=_versioned(entry, origin),
        source_id=source_id,
        patient=patient_of(entry),
        status=status,
        feed_status=feed_status,
        referral_keys=keys or ((f"ubrn:{link}",) if link else ()),
        ubrn=number,
        starts_at=instant(resource.get("start")) or instant(period.get("start"))
        if status != "proposed"
        else None,
        ends_at=instant(resource.get("end")),
        medium=medium_of(
            extension_value(resource, "Consultation-Medium", "UKCore-DeliveryChannel")
        ),
        clinic=clinic,
        address=where,
        instructions=first_text(resource, "patientInstruction", limit=LONG),
        admission=plain(encounter_class) in ADMISSION_CLASSES,
        specialty=shown,
        specialty_code=specialty_code,
        provider=provider,
        request_status=request_status,
        encounter_class=encounter_class,
        outcome=code(
            extension_value(resource, "OutcomeOfAttendance", "UKCore-OutcomeOfAttendance")
        ),
        reason=code(resource.get("reason")) or code(resource.get("reasonCode")),
        cancelled_by=_cancelled_by(resource),
        diagnostic=is_test(*names, label(resource.get("serviceType"))),
        urgent=suspected_cancer(*names, *services),
    )


def status_of(feed: str, request_status: str | None, cancelled_by: str | None) -> str | None:
    """Our status; None when the feed's isn't known."""
    status = STATUSES.get(plain(feed))
    if status == "booked" and plain(request_status).startswith("pending"):
        return "change_pending"
    if status == "cancelled" and cancelled_by:
        return "cancelled_by_patient" if cancelled_by == "patient" else "cancelled_by_hospital"
    return status


def medium_of(concept: Any) -> str | None:
    """face_to_face, telephone or video, from a code such as VIDEO_CONSULTATION; else None."""
    word = (code(concept) or label(concept) or "").casefold()
    return next((medium for medium, parts in MEDIA if any(p in word for p in parts)), None)


def _versioned(entry: Entry, origin: Origin) -> Origin:
    """The origin; an e-RS appointment is as new as the version of the referral it names [R1]."""
    for reference in walk(entry.resource, "incomingReferral", "reference"):
        match = re.search(r"/_history/(\d{1,9})$", text(reference) or "")
        if match:
            return replace(origin, version=match[1], referral_version=match[1])
    return replace(origin, referral_version=origin.version) if entry.container else origin


def _container_keys(entry: Entry) -> tuple[str, ...]:
    parent = Entry(
        entry.file, entry.label, entry.container or {}, entry.scope, entry.position, bundled=True
    )
    number = None
    if parent.kind == "ReferralRequest":
        number = ubrn(parent.resource.get("id"))
    return own_keys(parent, number)


def _source_id(entry: Entry, number: str | None) -> str | None:
    """The id; in e-RS STU3 "UBRN#appointment", since a referral there has one at a time."""
    stu3 = "incomingReferral" in entry.resource or entry.container is not None
    if number and stu3:
        return f"{number}#appointment"
    own_id = text(entry.resource.get("id"))
    if entry.container is not None:
        parent_id = text(entry.container.get("id"))
        return f"{parent_id}#{own_id}"[:200] if parent_id and own_id else None
    return own_id or (text(entry.url) if entry.url else None)


def _cancelled_by(resource: Json) -> str | None:
    for concept in walk(resource, "cancelationReason") + walk(resource, "cancellationReason"):
        word = (code(concept) or "").casefold().replace("_", "-").partition("-")[0]
        if word in SAID_BY:
            return SAID_BY[word]
    return None


def _encounter_class(resource: Json) -> str | None:
    found = [
        code(extension_value(resource, "Encounter-Class")),
        *(code(item) for item in walk(resource, "appointmentType")),
    ]
    return next((c for c in found if c), None)


def _names(entry: Entry, source: str) -> list[str | None]:
    """What names the specialty. A description is one in Wayfinder alone [R3]: elsewhere it is
    what the appointment is about, and that isn't kept."""
    resource = entry.resource
    names: list[str | None] = []
    for concept in (
        *as_list(extension_value(resource, "Specialty")),
        *walk(resource, "specialty"),
        *walk(resource, "serviceType"),
    ):
        names += [label(concept), code(concept)]
    return [*names, first_text(resource, "description")] if source == "wayfinder" else names
