"""Entry → records or rejections, by kind of resource.

Called by `bot.services.import_records` after `reader`; it hands on to the module of each kind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from bot.fhir.advice import read_advice_message, read_advice_request
from bot.fhir.appointments import read_appointment
from bot.fhir.care_plans import read_care_plan
from bot.fhir.entries import Entry, Rejection
from bot.fhir.kinds import FAULTS
from bot.fhir.organisations import read_organisation, read_service
from bot.fhir.origins import name_of_entry, origin_of, reject
from bot.fhir.patients import read_patient
from bot.fhir.records import Record
from bot.fhir.referrals import read_referral
from bot.fhir.tasks import read_flag, read_task
from bot.fhir.tree import code, walk
from bot.fhir.worklists import read_worklist

log = logging.getLogger(__name__)

KEPT: dict[str, Callable[[Entry], Iterator[Any]]] = {
    "Patient": read_patient,
    "Organization": read_organisation,
    "HealthcareService": read_service,
    "ReferralRequest": read_referral,
    "ServiceRequest": read_referral,
    "CommunicationRequest": read_advice_request,
    "Communication": read_advice_message,
    "List": read_worklist,
    "CarePlan": read_care_plan,
    "Appointment": read_appointment,
    "Task": read_task,
    "Flag": read_flag,
}
BESIDE = {
    "Binary",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "Location",
    "MessageHeader",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "Schedule",
    "Slot",
}
"""Kinds that come along in a bundle to be referred to: read, with nothing of their own to keep."""


def to_records(entry: Entry) -> list[Record | Rejection]:
    """What an entry holds that is kept. Empty for an empty bundle and for what comes along.

    Never raises: a fault of ours in reading one entry rejects that entry, and is logged.
    """
    try:
        found = list(_read(entry))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        log.error("Reading a %s failed: %s", name_of_entry(entry).split()[0], type(error).__name__)
        where = f"{entry.label} " if entry.label else ""
        why = "it could not be read. Tell who looks after Waymark."
        found = [Rejection(entry.file, entry.label, f"{where}{name_of_entry(entry)}: {why}")]
    if entry.container is not None:
        found = [item for item in found if not isinstance(item, Rejection)]
    return found


def _read(entry: Entry) -> Iterator[Record | Rejection]:
    read = KEPT.get(entry.kind)
    if read:
        yield from read(entry)
    elif entry.kind == "OperationOutcome":
        yield from _outcome(entry)
    elif entry.kind == "Bundle":
        if entry.resource.get("entry"):
            yield reject(origin_of(entry), "bundles lie too deep in bundles. Split the file.")
    elif not (entry.bundled and entry.kind in BESIDE):
        kind = name_of_entry(entry).split()[0]
        named = kind if kind != "resource" else "This"
        hint = " A carer's access is recorded by staff." if kind == "RelatedPerson" else ""
        yield reject(origin_of(entry), f"{named} is not a kind that Waymark keeps.{hint}")


def _outcome(entry: Entry) -> Iterator[Rejection]:
    """A fault in place of an answer (HTTP 207, 4xx): told, so that nobody reads it as "none"."""
    grave = [
        issue
        for issue in walk(entry.resource, "issue")
        if isinstance(issue, dict) and issue.get("severity") not in ("information", "success")
    ]
    if grave or not walk(entry.resource, "issue"):
        faults = [code(issue.get("code")) for issue in grave]
        named = next((f"({fault}) " for fault in faults if fault in FAULTS), "")
        why = f"the sender answered with a fault {named}instead of records. Ask it again."
        yield reject(origin_of(entry), f"{why} Referrals may be missing here.")
