"""Which feed an entry came from, how new it is, and what a reason may call it.

Used by every module that reads a kind of resource.
"""

from __future__ import annotations

import re

from bot.fhir.dates import instant
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import nhs_number
from bot.fhir.kinds import KINDS
from bot.fhir.references import Origin
from bot.fhir.tree import as_dict, first_text, text, walk

PLAIN_ID = re.compile(
    r"(?:[ra]\.)?[0-9a-fA-F]{1,12}|(?:[ra]\.)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{2,12})+"
)
"""Ids that can be told: numbers and UUIDs. Others may hold a name or an NHS number."""

FEED_MARKS = (
    ("bars", ("bars",)),
    ("wayfinder", ("wayfinder",)),
    ("ers", ("/ers-", "/extension-ers-", "-patientcare")),
    ("wayfinder", ("extension-portal-link", "extension-client-id", "id/pathwayid")),
    ("ers", ("id/ubrn", "id/ers-")),
)
"""First hit counts: words in profiles, extensions and identifier systems, by feed [R1-R3]."""


def source_of(entry: Entry) -> str:
    """ "ers", "wayfinder", "bars", or "fhir" when nothing tells."""
    resource = entry.container or entry.resource
    if resource.get("resourceType") == "ReferralRequest":
        return "ers"  # STU3 referrals come from nowhere else in England
    if re.match(r"[ra]\.[0-9a-f]{8}-", text(resource.get("id")) or ""):
        return "ers"
    marks = [
        word
        for path in (
            ("meta", "profile"),
            ("extension", "url"),
            ("activity", "detail", "extension", "url"),
            ("identifier", "system"),
            ("basedOn", "identifier", "system"),
        )
        for word in walk(resource, *path)
        if isinstance(word, str)
    ]
    said = " ".join([*marks, entry.scope.profiles, entry.url or ""]).casefold()
    for feed, words in FEED_MARKS:
        if any(word in said for word in words):
            return feed
    return "fhir"


def origin_of(entry: Entry, place: str = "", *dates: str) -> Origin:
    """The origin of a record of `entry`; `place` within it, "activity[2]".

    dates: fields with a weaker date ("authoredOn"), used when nothing better tells the age.
    A contained resource is as new as the one that it lies in.
    """
    resource = entry.container or entry.resource
    meta = as_dict(resource.get("meta"))
    stated = instant(meta.get("lastUpdated"))
    weaker = [instant(v) for name in dates for v in walk(entry.resource, *name.split("."))]
    as_of = next((moment for moment in [stated, entry.made_at, *weaker] if moment), None)
    return Origin(
        file=entry.file,
        entry=".".join(part for part in (entry.label, place) if part),
        name=name_of_entry(entry),
        source=source_of(entry),
        position=entry.position,
        version=text(meta.get("versionId"), 64),
        as_of=as_of,
        stated_on=stated.date() if stated else None,
        contained=entry.container is not None,
    )


def name_of_entry(entry: Entry) -> str:
    """`Task 9f7d3feb…`, without the id where that could tell who it is.

    Only kinds that FHIR has are named, only ids that are numbers or UUIDs, and no patient's.
    """
    kind = entry.kind if entry.kind in KINDS else "resource"
    own_id = first_text(entry.resource, "id") or ""
    hidden = kind in ("Patient", "RelatedPerson") or nhs_number(own_id) or len(own_id) in (8, 10)
    return kind if hidden or not PLAIN_ID.fullmatch(own_id) else f"{kind} {own_id}"


def reject(origin: Origin, why: str) -> Rejection:
    """A rejection that names the entry: "entry[3] Task 9f7d: <why>"."""
    where = " ".join(part for part in (origin.entry, origin.name) if part)
    return Rejection(origin.file, origin.entry, f"{where}: {why}")
