"""Organization and HealthcareService → OrganisationRecord, with the contact for patients.

Called by `convert`. An e-RS service has its own telephone for patients [R1]; that for
professionals isn't kept, so that no patient is told to call it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import local_key, ods_code_of, service_of
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import kind_of, organisation, phone, tidy_name
from bot.fhir.records import Json, OrganisationRecord
from bot.fhir.references import Contact, OrganisationRef
from bot.fhir.specialties import suspected_cancer, treatment_function
from bot.fhir.tree import (
    as_dict,
    code,
    codes,
    extension_value,
    extensions,
    first_text,
    label,
    text,
    walk,
)

FOR_PATIENTS = {"PATINF", "PATIENT", "PATIENTS"}


def read_organisation(entry: Entry) -> Iterator[OrganisationRecord | Rejection]:
    """An organisation with a name or an ODS code."""
    resource, origin = entry.resource, origin_of(entry)
    name, ods = tidy_name(first_text(resource, "name")), ods_code_of(resource)
    if not name and not ods:
        yield reject(origin, "it has neither a name nor an ODS code. Return it to the sender.")
        return
    types = " ".join(codes(resource.get("type")) + [label(resource.get("type")) or ""]).casefold()
    guess = "gp_practice" if "gp" in types.split() or "practice" in types else "other"
    number, email = _telecom(walk(resource, "telecom"))
    contact = Contact(name or ods or "", number, email)
    yield OrganisationRecord(
        origin,
        OrganisationRef(kind_of(ods, guess), ods, name, keys=_keys(entry)),
        (contact,) if number or email else (),
    )


def read_service(entry: Entry) -> Iterator[OrganisationRecord | Rejection]:
    """A hospital's service, under the organisation that provides it, or by its own name."""
    resource, origin = entry.resource, origin_of(entry)
    name = first_text(resource, "name")
    if not name or suspected_cancer(name):
        why = "it has no name" if not name else "its name is a label that patients never see"
        yield reject(origin, f"{why}, so nothing is kept of it.")
        return
    contact = Contact(
        name,
        *_patient_contact(resource),
        hours=text(extension_value(resource, "eRS-HoursOfOperation"), 100),
        specialty_code=treatment_function([label(s) for s in walk(resource, "specialty")]),
    )
    own = organisation(entry, resource.get("providedBy"), "hospital")
    service = service_of(resource) or (
        first_text(resource, "id") if origin.source == "ers" else None
    )
    yield OrganisationRecord(
        origin,
        OrganisationRef(
            "hospital",
            own.ods_code if own else None,
            own.name if own else name,
            service,
            _keys(entry),
        ),
        (contact,) if contact.phone or contact.email else (),
        is_service=True,
    )


def _keys(entry: Entry) -> tuple[str, ...]:
    own_id = first_text(entry.resource, "id")
    keys = [entry.url, local_key(entry.url) if entry.url else None]
    keys += [f"{entry.kind}/{own_id}"] if own_id and not entry.container else []
    return tuple(dict.fromkeys(key for key in keys if key))


def _patient_contact(resource: Json) -> tuple[str | None, str | None]:
    """(phone, email) marked for patients; else the service's own, when none is marked at all."""
    marked = list(extensions(resource, "eRS-HealthcareService-Contact"))
    own = [
        telecom
        for contact in marked
        if (code(extension_value(contact, "purpose")) or "").upper() in FOR_PATIENTS
        for telecom in [extension_value(contact, "telecom")]
    ]
    return _telecom(own if marked else walk(resource, "telecom"))


def _telecom(points: list[object]) -> tuple[str | None, str | None]:
    """(phone, email): the first of each that can be used."""
    kept = [as_dict(point) for point in points if as_dict(point).get("use") != "old"]
    numbers = [phone(p.get("value")) for p in kept if p.get("system") in ("phone", None)]
    emails = [text(p.get("value")) for p in kept if p.get("system") == "email"]
    return (
        next((number for number in numbers if number), None),
        next((email for email in emails if email and "@" in email), None),
    )
