"""Who and what a payload means: NHS numbers, UBRNs, ODS codes, references.

Used by every module that reads a kind of resource. Systems differ by feed: `fhir.nhs.net` in STU3,
`https://fhir.nhs.uk/Id/nhs-number` in R4, HL7's OID elsewhere [R1][R3].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stdnum.gb import nhs

from bot.fhir.tree import as_list, first_text, name_of, text, walk

NOBODY = ("0000000000", "9999999999")
"""They pass the checksum, and forms are filled with them (referral-states.md)."""

NHS_SYSTEMS = {"nhsnumber", "urnoid21684011138832141"}
ODS_SYSTEMS = {"odsorganizationcode", "odsorganisationcode", "odscode"}
UBRN_SYSTEMS = {"ubrn"}
PATHWAY_SYSTEMS = {"pathwayid"}
SERVICE_SYSTEMS = {"ersservice"}
REQUEST_KINDS = ("ServiceRequest", "ReferralRequest", "CommunicationRequest", "CarePlan")


def nhs_number(value: Any) -> str | None:
    """Ten digits that can be somebody's NHS number, or None.

    >>> nhs_number("999 000 0018"), nhs_number("9990000019"), nhs_number("0000000000")
    ('9990000018', None, None)
    """
    digits = re.sub(r"[\s\-.]", "", (text(value) or "").rpartition("|")[2])
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10) or digits in NOBODY:
        return None
    return digits if nhs.is_valid(digits) else None


def ubrn(value: Any) -> str | None:
    """Twelve digits; zeros that a number has lost in front come back. None for anything else.

    >>> ubrn("0000-0007 0000"), ubrn(70000), ubrn("r.70000")
    ('000000070000', '000000070000', None)
    """
    digits = re.sub(r"[\s\-]", "", (text(value) or "").rpartition("|")[2])
    if not (digits.isascii() and digits.isdigit()) or not 0 < len(digits) <= 12:
        return None
    return digits.zfill(12) if int(digits) else None


def ods_code(value: Any) -> str | None:
    """An organisation's code in capitals, or None.

    >>> ods_code("rj1"), ods_code("St Thomas'")
    ('RJ1', None)
    """
    found = (text(value) or "").upper()
    return found if re.fullmatch(r"[A-Z0-9]{3,10}", found) else None


def values_of(node: Any, systems: set[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(value, identifier) for each `identifier` of `node` in one of `systems`."""
    for item in walk(node, "identifier"):
        if isinstance(item, dict) and _system(item) in systems:
            yield item.get("value"), item


def _system(identifier: dict[str, Any]) -> str:
    system, value = text(identifier.get("system")), text(identifier.get("value"))
    if not system and value and "|" in value:
        system = value.rpartition("|")[0]
    if system and system.casefold().startswith("urn:oid:"):
        return "".join(sign for sign in system.casefold() if sign.isalnum())
    return name_of(system)


def nhs_number_of(node: Any) -> str | None:
    """The first usable NHS number among a resource's or reference's identifiers.

    One marked `use: old` counts only when there is no other.
    """
    held = [(nhs_number(value), item) for value, item in values_of(node, NHS_SYSTEMS)]
    current = [number for number, item in held if number and item.get("use") != "old"]
    return next(iter(current + [number for number, _ in held if number]), None)


def ubrn_of(node: Any) -> str | None:
    """The first UBRN among a resource's or reference's identifiers."""
    return next((u for u in (ubrn(v) for v, _ in values_of(node, UBRN_SYSTEMS)) if u), None)


def ods_code_of(node: Any) -> str | None:
    """The first ODS code among a resource's or reference's identifiers."""
    return next((o for o in (ods_code(v) for v, _ in values_of(node, ODS_SYSTEMS)) if o), None)


def service_of(node: Any) -> str | None:
    """The number of an e-RS service among a reference's identifiers."""
    return next((s for s in (text(v) for v, _ in values_of(node, SERVICE_SYSTEMS)) if s), None)


def linked_ubrn(url: Any) -> str | None:
    """The UBRN in a portal's link (`…?ubrn=…`) [R3]."""
    match = re.search(r"[?&]ubrn=(\d{12})(?!\d)", text(url, 500) or "")
    return ubrn(match[1]) if match else None


def address(reference: Any) -> str | None:
    """What a reference points to, without the version: "Patient/1", "urn:uuid:…", "#patient"."""
    raw = reference if isinstance(reference, str) else first_text(reference, "reference", limit=500)
    return re.sub(r"/_history/.*$", "", raw.strip()) or None if raw else None


def local_key(url: str) -> str:
    """`Kind/id` of an address, however long it is in front; other addresses unchanged.

    >>> local_key("https://example.org/R4/Patient/12"), local_key("urn:uuid:9")
    ('Patient/12', 'urn:uuid:9')
    """
    match = re.search(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})$", url)
    return f"{match[1]}/{match[2]}" if match else url


def request_keys(node: Any, *fields: str) -> tuple[str, ...]:
    """Every name under which the referral is meant that `fields` of `node` refer to.

    `ubrn:…`, `pathway:…`, or `request:…` with an id. e-RS writes the same id with and without
    its `r.` [R2], so it is left off.
    """
    keys: list[str] = []
    for reference in (r for field in fields for r in as_list(walk(node, field))):
        number = ubrn_of(reference)
        keys += [f"ubrn:{number}"] if number else []
        for value, _ in values_of(reference, PATHWAY_SYSTEMS):
            keys += [f"pathway:{text(value)}"] if text(value) else []
        keys += keys_of_address(address(reference))
    return tuple(dict.fromkeys(keys))


def keys_of_address(url: str | None) -> list[str]:
    """The keys of an address, of a referral or the like; [] for another kind or none."""
    if not url or url.startswith("#"):
        return []
    kind, _, own_id = local_key(url).partition("/")
    if not own_id:
        return [url]
    if kind not in REQUEST_KINDS:
        return []
    number = ubrn(own_id) if len(own_id) == 12 else None
    return [f"ubrn:{number}"] if number else [f"request:{bare_id(own_id)}"]


def bare_id(own_id: str) -> str:
    """An id without the letter that e-RS puts in front of referrals (r.) and advice (a.)."""
    return re.sub(r"^[ra]\.", "", own_id)
