"""References to patients and organisations, whichever way a feed makes them.

Used by the modules that read referrals, appointments, care plans and tasks.
"""

from __future__ import annotations

from typing import Any

from bot.fhir.entries import Entry
from bot.fhir.identifiers import (
    address,
    local_key,
    nhs_number,
    nhs_number_of,
    ods_code,
    ods_code_of,
    service_of,
)
from bot.fhir.references import OrganisationRef, PersonRef
from bot.fhir.specialties import suspected_cancer
from bot.fhir.tree import as_list, first_text, text

ORGANISATION_KINDS = {"Organization", "HealthcareService", "Location"}
CAPITALS = {"NHS", "UK", "CIC", "ENT", "MSK", "GP"}
REGISTER_WORDS = ("demographics", "spineservices.nhs.uk")


def person(entry: Entry, reference: Any) -> PersonRef:
    """Whom `reference` means. The empty PersonRef when it doesn't tell."""
    keys: list[str] = []
    for item in as_list(reference):
        found = entry.scope.find(item, entry.container or entry.resource)
        url = address(item) or ""
        number = nhs_number_of(item) or nhs_number_of(found) or _number_in(url)
        if number:
            return PersonRef(number)
        if url and not url.startswith("#"):
            keys += [url, local_key(url)]
    return PersonRef(None, tuple(dict.fromkeys(keys)))


def _number_in(url: str) -> str | None:
    """The NHS number at the end of an address of the register, where the id is the number.

    Elsewhere ten digits that pass the checksum may be anything, so they don't count.
    """
    return nhs_number(url.rpartition("/")[2]) if is_register(url) else None


def is_register(url: str) -> bool:
    """Whether an address is one of the Spine's, where ids are NHS numbers and ODS codes."""
    return any(word in url for word in REGISTER_WORDS)


def organisation(entry: Entry, reference: Any, kind: str = "other") -> OrganisationRef | None:
    """Which organisation (or e-RS service) `reference` means; None when it doesn't tell.

    A name that is a label of suspected cancer ("Triage - 2WW") isn't kept: patients see names.
    """
    for item in as_list(reference):
        found = entry.scope.find(item, entry.container or entry.resource)
        if found.get("resourceType") == "PractitionerRole":
            return organisation(entry, found.get("organization"), kind)
        url = address(item) or ""
        code = ods_code_of(item) or ods_code_of(found) or _code_in(url)
        service = service_of(item) or service_of(found)
        what = {
            text(found.get("resourceType")),
            first_text(item, "type") if isinstance(item, dict) else None,
            local_key(url).partition("/")[0],
        }
        if not (code or service or what & ORGANISATION_KINDS):
            continue  # a person's name is no hospital's
        name = first_text(found, "name") or (
            first_text(item, "display") if isinstance(item, dict) else None
        )
        if suspected_cancer(name):
            name = None
        keys = (url, local_key(url)) if url and not url.startswith("#") else ()
        return OrganisationRef(
            kind_of(code, kind), code, tidy_name(name), service, tuple(dict.fromkeys(keys))
        )
    return None


def _code_in(url: str | None) -> str | None:
    """The ODS code at the end of an address such as …/Organization/RJ1, on the Spine only."""
    if not url or not is_register(url):
        return None
    head, _, last = url.rpartition("/")
    return ods_code(last) if head.endswith("Organization") else None


def kind_of(code: str | None, guess: str) -> str:
    """gp_practice, hospital or other: by the form of the ODS code, else as guessed."""
    if code and len(code) == 6 and code[0].isalpha() and code[1:].isdigit():
        return "gp_practice"
    if code and code[0] == "R" and len(code) in (3, 5):
        return "hospital"
    return guess


def tidy_name(name: str | None) -> str | None:
    """A name as people write it, when it came in capitals only.

    >>> tidy_name("GUY'S AND ST THOMAS' NHS FOUNDATION TRUST")
    "Guy's and St Thomas' NHS Foundation Trust"
    """
    if not name or not name.isupper() or len(name.split()) < 2:
        return name
    words = [word if word in CAPITALS else word.capitalize() for word in name.split()]
    small = [
        word.lower() if word in ("And", "Of", "The", "For", "Upon") else word for word in words[1:]
    ]
    return " ".join([words[0], *small])


def phone(value: Any) -> str | None:
    """A telephone number that can be dialled, as it is written; None for anything else."""
    written = text(value, 40)
    digits = sum(sign.isdigit() for sign in written or "")
    return (
        written
        if written and 3 <= digits <= 15 and set(written) <= set("+0123456789 ()-.")
        else None
    )
