"""Task → TaskRecord, and Flag → InterpreterFlagRecord.

Called by `convert`. e-RS patient care has a Task while a referral is deferred to the hospital
or to triage, with the day by which it should be done [R2]; Wayfinder has one for each
questionnaire, which moves nothing [R3].
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.fhir.dates import day
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import request_keys
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import person
from bot.fhir.records import InterpreterFlagRecord, TaskRecord
from bot.fhir.tree import as_dict, code, codes, label, walk
from bot.pathway.appointment_states import from_care_plan
from bot.pathway.states import State, from_ers_task, plain

DATES = ("lastModified", "authoredOn")
NEEDS_INTERPRETER = {"315594003"}
"""SNOMED CT: interpreter needed."""


def read_task(entry: Entry) -> Iterator[TaskRecord | Rejection]:
    """The task, when it belongs to a referral."""
    resource, origin = entry.resource, origin_of(entry, "", *DATES)
    keys = request_keys(resource, "focus", "basedOn")
    if not keys:
        yield reject(origin, "it doesn't say which referral it belongs to.")
        return
    status = code(resource.get("status"))
    states = [from_ers_task(found, status) for found in codes(resource.get("code"))]
    states += [_pifu(found, status) for found in codes(resource.get("reasonCode"))]
    period = as_dict(as_dict(resource.get("restriction")).get("period"))
    state = next((s for s in states if s), None)
    due = day(period.get("end")) if state else None
    yield TaskRecord(origin, person(entry, resource.get("for")), keys, state, due)


def _pifu(questionnaire_type: str, status: str | None) -> State | None:
    """Follow-up that the patient asks for, while its questionnaire is open [R3]."""
    if plain(questionnaire_type) != "pifutriage" or status in ("completed", "cancelled"):
        return None
    return from_care_plan("active", questionnaire_type=questionnaire_type)


def read_flag(entry: Entry) -> Iterator[InterpreterFlagRecord | Rejection]:
    """A flag that an interpreter is needed; no other flag is kept, and none is told."""
    resource, origin = entry.resource, origin_of(entry)
    named = codes(resource.get("code")) + [label(c) or "" for c in walk(resource, "code")]
    active = code(resource.get("status")) in ("active", None)
    if not any(n in NEEDS_INTERPRETER or "interpreter" in n.casefold() for n in named):
        yield reject(origin, "Flag is not a kind that Waymark keeps, save for interpreters.")
    elif active:
        yield InterpreterFlagRecord(origin, person(entry, resource.get("subject")))
