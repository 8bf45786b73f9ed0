"""Who takes part in an appointment: the patient, the place, the provider.

Called by `appointments`. Feeds tell participants apart by type, by identifier, or not [R1-R3].
"""

from __future__ import annotations

from typing import Any

from bot.fhir.entries import Entry
from bot.fhir.identifiers import address, nhs_number_of, ods_code_of
from bot.fhir.people import organisation, person
from bot.fhir.references import OrganisationRef, PersonRef
from bot.fhir.specialties import suspected_cancer
from bot.fhir.tree import LONG, as_dict, first_text, name_of, text, walk


def patient_of(entry: Entry) -> PersonRef:
    """The participant with an NHS number, else the one that is a Patient."""
    actors = [a for a in walk(entry.resource, "participant", "actor") if isinstance(a, dict)]
    numbered = next((a for a in actors if nhs_number_of(a)), None)
    if numbered:
        return person(entry, numbered)
    for actor in actors:
        found = person(entry, actor)
        url = address(actor) or ""
        kind = entry.scope.find(actor, entry.resource).get("resourceType")
        if (
            found.nhs_number
            or kind == "Patient"
            or "Patient/" in url
            or actor.get("type") == "Patient"
        ):
            return found
    if entry.container is not None:
        return person(entry, entry.container.get("subject"))
    unnamed = [a for a in actors if (address(a) or "").startswith("urn:")]
    return person(entry, unnamed[:1])


def place_of(entry: Entry) -> tuple[str | None, str | None]:
    """(clinic, address): what a Location is called, and where it says that it is."""
    clinic = where = None
    for actor in walk(entry.resource, "participant", "actor"):
        found = entry.scope.find(actor, entry.container or entry.resource)
        is_place = (
            found.get("resourceType") == "Location"
            or (isinstance(actor, dict) and actor.get("type") == "Location")
            or "Location/" in (address(actor) or "")
        )
        if is_place and not ods_code_of(actor):  # that would be the hospital, not the room
            clinic = clinic or first_text(found, "name") or first_text(actor, "display")
            where = where or address_text(found.get("address"))
    return (None if suspected_cancer(clinic) else clinic), where


def address_text(node: Any) -> str | None:
    """A postal address in one line, as written; None without."""
    own = as_dict(node)
    parts = [text(v) for key in ("line", "city", "postalCode") for v in walk(own, key)]
    kept = [part for part in parts if part]
    return ", ".join(dict.fromkeys(kept))[:LONG] or first_text(own, "text", limit=LONG)


def provider_of(entry: Entry) -> OrganisationRef | None:
    """The hospital, else the e-RS service, that sees the patient."""
    found = [
        organisation(entry, actor, "hospital")
        for actor in walk(entry.resource, "participant", "actor")
        if name_of(as_dict(actor).get("type")) != "patient" and not nhs_number_of(actor)
    ]
    named = [ref for ref in found if ref and (ref.ods_code or _is_service(ref))]
    return next(iter(sorted(named, key=lambda ref: ref.ods_code is None)), None)


def _is_service(ref: OrganisationRef) -> bool:
    """Whether the reference means an e-RS service or a named organisation, not a room."""
    room = any("Location/" in key for key in ref.keys)
    return bool(ref.service or (ref.name and ref.keys and not room))
