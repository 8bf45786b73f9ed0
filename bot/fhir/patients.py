"""Patient → PatientRecord: PDS, UK Core, and those that BaRS messages bring along.

Called by `convert`. Keeps what decides whether a person may be told anything: restricted
(meta.security), deceased, superseded by another NHS number. Interpreter need is read both ways
that feeds write it (referral-states.md, traps).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.fhir.dates import day, instant
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import NHS_SYSTEMS, address, local_key, nhs_number, values_of
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import is_register, organisation, phone
from bot.fhir.records import PatientRecord
from bot.fhir.tree import (
    as_dict,
    as_list,
    code,
    extension_value,
    extensions,
    first_text,
    name_of,
    text,
    truth,
    walk,
)

OPEN_CODES = {"U", "N", "L", "M"}
CLOSED_CODES = {"R", "V", "REDACTED"}
DEATH_CODES = {"1", "2"}
"""DeathNotificationStatus: informal, formal."""

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*|q\d")
POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})")


def read_patient(entry: Entry) -> Iterator[PatientRecord | Rejection]:
    """The person; a rejection when there is no usable NHS number."""
    resource = entry.resource
    origin = origin_of(entry)
    number, older, newer = _numbers(entry)
    if not number:
        yield reject(origin, "no usable NHS number. Return it to the sender.")
        return
    restricted = _restricted(resource)
    complete = restricted is not None and bool(walk(resource, "meta", "versionId"))
    name = _current(walk(resource, "name"), "usual", "official")
    yield PatientRecord(
        origin=origin,
        nhs_number=number,
        keys=_keys(entry),
        birth_date=_birth_date(resource.get("birthDate")),
        family_name=first_text(name, "family", limit=100),
        given_name=first_text(name, "given", limit=100),
        postcode=None if restricted else _postcode(resource),
        phone=None if restricted else _phone(resource),
        language=_language(resource),
        interpreter_required=_interpreter(resource),
        practice=organisation(entry, resource.get("generalPractitioner"), "gp_practice"),
        restricted=restricted,
        deceased=_deceased(resource),
        superseded_by=newer,
        supersedes=older,
        complete=complete,
    )


def _keys(entry: Entry) -> tuple[str, ...]:
    own_id = text(entry.resource.get("id"))
    keys = [entry.url, local_key(entry.url) if entry.url else None]
    keys += [f"Patient/{own_id}"] if own_id and not entry.container else []
    return tuple(dict.fromkeys(key for key in keys if key))


def _numbers(entry: Entry) -> tuple[str | None, tuple[str, ...], str | None]:
    """(number, older numbers of the same person, the number that replaced it).

    An identifier marked `old`, a link `replaces`, or (in the register alone, where ids are NHS
    numbers) an address that asks for another number than the answer has, make older numbers.
    """
    held = [(nhs_number(value), item) for value, item in values_of(entry.resource, NHS_SYSTEMS)]
    current = [number for number, item in held if number and not _is_old(item)]
    old = [number for number, item in held if number and _is_old(item)]
    register = bool(walk(entry.resource, "meta", "security")) or is_register(entry.url or "")
    own_id = nhs_number(entry.resource.get("id")) if register else None
    asked = nhs_number((entry.url or "").rpartition("/")[2]) if register else None
    newer = None
    for link in walk(entry.resource, "link"):
        target = _linked(entry, link)
        if target and code(as_dict(link).get("type")) in ("replaced-by", "replace"):
            newer = target
        elif target and code(as_dict(link).get("type")) == "replaces":
            old.append(target)
    number = next(iter([*current, *([own_id] if own_id else []), *old]), None)
    if newer is None:
        old += [other for other in (own_id, asked) if other]
    older = tuple(dict.fromkeys(other for other in old if other != number))
    return number, older, newer if newer != number else None


def _is_old(identifier: dict[str, Any]) -> bool:
    return identifier.get("use") == "old"


def _linked(entry: Entry, link: Any) -> str | None:
    """The NHS number that a link means: an identifier, a resource, or the id in the address."""
    other = as_dict(as_dict(link).get("other"))
    found = entry.scope.find(other, entry.resource)
    for node in (other, found):
        for value, _ in values_of(node, NHS_SYSTEMS):
            if nhs_number(value):
                return nhs_number(value)
    return nhs_number((address(other) or "").rpartition("/")[2])


def _restricted(resource: dict[str, Any]) -> bool | None:
    """True for restricted records, False when marked open, None without a mark.

    A confidentiality code that isn't known counts as restricted.
    """
    marks: list[bool] = []
    for item in walk(resource, "meta", "security"):
        system = name_of(item.get("system")) if isinstance(item, dict) else ""
        found = (code(item) or "").upper()
        if found in CLOSED_CODES:
            marks.append(True)
        elif found and system in ("", "v3confidentiality"):
            marks.append(found not in OPEN_CODES)
    return any(marks) if marks else None


def _deceased(resource: dict[str, Any]) -> bool | None:
    if resource.get("deceasedDateTime") is not None or instant(resource.get("deceasedDate")):
        return True
    status = extension_value(resource, "UKCore-DeathNotificationStatus", "DeathNotificationStatus")
    for item in extensions(resource, "UKCore-DeathNotificationStatus", "DeathNotificationStatus"):
        status = status or extension_value(item, "deathNotificationStatus")
    if code(status) in DEATH_CODES:
        return True
    return truth(resource.get("deceasedBoolean"))


def _birth_date(written: Any) -> date | None:
    """A whole date of birth; None for a year, a month, or a day that can't be one."""
    found = day(written)
    return found if found and found.year <= date.today().year else None


def _current(items: list[Any], *uses: str) -> dict[str, Any]:
    """The item in use: of the wanted `use` first, never one that is old or has ended."""
    kept = [
        item
        for item in items
        if isinstance(item, dict) and item.get("use") not in ("old", "temp") and not _ended(item)
    ]
    ranked = sorted(kept, key=lambda i: uses.index(i["use"]) if i.get("use") in uses else len(uses))
    return next(iter(ranked), {})


def _ended(item: dict[str, Any]) -> bool:
    ended = day(as_dict(item.get("period")).get("end"))
    return ended is not None and ended < date.today()


def _postcode(resource: dict[str, Any]) -> str | None:
    written = first_text(_current(walk(resource, "address"), "home"), "postalCode") or ""
    match = POSTCODE.fullmatch(written.upper())
    return f"{match[1]} {match[2]}" if match else None


def _phone(resource: dict[str, Any]) -> str | None:
    """The patient's own telephone, mobile first; that of relatives doesn't count."""
    own = list(walk(resource, "telecom"))
    for contact in walk(resource, "contact"):
        if "ONESELF" in [code(c) for c in walk(contact, "relationship")]:
            own += walk(contact, "telecom")
    lines = [t for t in own if isinstance(t, dict) and t.get("system") in ("phone", "sms", None)]
    return phone(_current(lines, "mobile", "home").get("value"))


def _language(resource: dict[str, Any]) -> str | None:
    """The preferred language's code; else the first one named."""
    spoken = sorted(
        (item for item in walk(resource, "communication") if isinstance(item, dict)),
        key=lambda item: truth(item.get("preferred")) is not True,
    )
    found = [code(item.get("language")) for item in spoken]
    for item in extensions(resource, "UKCore-NHSCommunication", "CareConnect-NHSCommunication"):
        found.append(code(extension_value(item, "language")))
    plain = [(c or "").lower().replace("_", "-") for c in found]
    return next((c for c in plain if LANGUAGE.fullmatch(c) and len(c) <= 35), None)


def _interpreter(resource: dict[str, Any]) -> bool | None:
    """Whether an interpreter is needed, by either extension, wherever it was put."""
    places = [resource, *as_list(walk(resource, "communication"))]
    places += list(extensions(resource, "UKCore-NHSCommunication", "CareConnect-NHSCommunication"))
    said = [
        truth(extension_value(place, "patient-interpreterRequired", "interpreterRequired"))
        for place in places
    ]
    known = [answer for answer in said if answer is not None]
    return any(known) if known else None
