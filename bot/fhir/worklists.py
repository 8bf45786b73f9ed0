"""e-RS worklists (STU3 List) → one ReferralRecord a row.

Called by `convert`. A row has its facts in one extension named after the list; its own status or
reason says more than the list that it stands in [R1].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.fhir.dates import day, instant
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import request_keys, ubrn
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import organisation, person
from bot.fhir.records import Json, ReferralRecord
from bot.fhir.references import Origin
from bot.fhir.referrals import UNKNOWN_STATE, priority_of
from bot.fhir.specialties import specialty, suspected_cancer
from bot.fhir.tree import (
    as_dict,
    as_list,
    code,
    extension_value,
    label,
    name_of,
    text,
    walk,
)
from bot.pathway.states import State, from_ers_worklist, plain

ROW = re.compile(r"ers(\w+?)worklistitem")
TWO_WEEK = "twoweekwait"


def read_worklist(entry: Entry) -> Iterator[ReferralRecord | Rejection]:
    """Each row; a rejection for a list that isn't a worklist, and for each unusable row."""
    origin = origin_of(entry, "", "date")
    raw = entry.resource.get("entry")
    rows = raw if isinstance(raw, list) else as_list(raw)
    if rows and not any(_facts(row)[1] for row in rows):
        yield reject(origin, "List is not a kind that Waymark keeps, save for e-RS worklists.")
        return
    for number, row in enumerate(rows):
        place = replace(
            origin,
            entry=".".join(part for part in (entry.label, f"entry[{number}]") if part),
            name="worklist row",
            source="ers",
            version=None,
            partial=True,
        )
        yield _row(entry, row, place)


def _facts(row: object) -> tuple[str, Json]:
    """(name of the worklist, the extension that holds the row's facts); ("", {}) without."""
    for item in walk(row, "extension"):
        match = ROW.fullmatch(name_of(as_dict(item).get("url")))
        if match:
            return match[1], as_dict(item)
    return "", {}


def _row(entry: Entry, row: object, origin: Origin) -> ReferralRecord | Rejection:
    list_name, facts = _facts(row)
    keys = request_keys(row, "item")
    number = next((ubrn(key) for key in (k[5:] for k in keys if k.startswith("ubrn:"))), None)
    if not facts or not number:
        return reject(origin, "it has no UBRN or no facts. Return it to the sender.")

    def fact(name: str) -> object:
        return extension_value(facts, name)

    status, reason = code(fact("status")), code(fact("reason"))
    state = from_ers_worklist(list_name, status, reason)
    names = [label(fact("specialty")), code(fact("specialty")), text(fact("clinicalContext"))]
    shown, specialty_code = specialty(*(" - ".join((n or "").split("/")) for n in names))
    service = as_dict(fact("service"))
    urgent = plain(code(fact("priority"))) == TWO_WEEK or suspected_cancer(*names, label(service))
    updated = instant(fact("referralLastUpdated"))
    return ReferralRecord(
        origin=replace(
            origin,
            as_of=updated or origin.as_of,
            stated_on=updated.date() if updated else None,
        ),
        source_id=number,
        patient=person(entry, fact("patient")),
        keys=keys,
        ubrn=number,
        advice=state in (State.ADVICE_REQUESTED, State.ADVICE_BACK_WITH_GP),
        state=state,
        problem=None if state else UNKNOWN_STATE,
        reason=(reason or status or "")[:100] or None,
        since=updated.date() if updated else None,
        referred_on=day(fact("referralCreated")),
        clock_start=day(fact("eReferralPathwayStart")),
        review_due=day(fact("patientContactExpected")),
        priority="two_week_wait" if urgent else priority_of({"priority": fact("priority")}),
        specialty=shown,
        specialty_code=specialty_code,
        provider=organisation(entry, service, "hospital") if service else None,
    )
