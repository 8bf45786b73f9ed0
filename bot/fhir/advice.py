"""Advice and guidance: CommunicationRequest → ReferralRecord, Communication → whose turn it is.

Called by `convert`. A request for advice is not yet a referral, and the patient is told so
(state 1, 2). The clinicians' words are not read [R1].
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.fhir.dates import day
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import bare_id, request_keys, ubrn, ubrn_of
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import organisation, person
from bot.fhir.records import AdviceMessageRecord, ReferralRecord
from bot.fhir.referrals import UNKNOWN_STATE, own_keys, priority_of
from bot.fhir.specialties import specialty
from bot.fhir.tree import code, codes, extension_value, label, text, walk
from bot.pathway.states import State, from_advice_state

TURNS = {"RESPONDER": State.ADVICE_BACK_WITH_GP, "REQUESTER": State.ADVICE_REQUESTED}


def read_advice_request(entry: Entry) -> Iterator[ReferralRecord | Rejection]:
    """The request, with the state that its category tells."""
    resource = entry.resource
    origin = origin_of(entry, "", "authoredOn")
    number = ubrn_of(resource) or ubrn(resource.get("id"))
    source_id = text(resource.get("id")) or number
    if not number and origin.source != "ers":
        yield reject(origin, "it isn't a request for advice in e-RS: it has no UBRN.")
        return
    if not source_id:
        yield reject(origin, "it has no id and no UBRN. Return it to the sender.")
        return
    found = codes(resource.get("category"))
    state = next((s for s in (from_advice_state(c) for c in found) if s), None)
    status = code(resource.get("status"))
    if not found and status in ("active", "completed"):
        state = State.ADVICE_REQUESTED if status == "active" else State.ADVICE_BACK_WITH_GP
    concept = extension_value(resource, "eRS-Specialty")
    shown, specialty_code = specialty(label(concept), code(concept))
    recipients = [
        extension_value(recipient, "HealthcareService-Reference") or recipient
        for recipient in walk(resource, "recipient")
    ]
    yield ReferralRecord(
        origin=origin,
        source_id=f"a.{bare_id(source_id)}",
        patient=person(entry, resource.get("subject")),
        keys=own_keys(entry, number),
        ubrn=number,
        advice=True,
        state=state,
        problem=None if state else UNKNOWN_STATE,
        reason=next(iter(found), None),
        since=origin.stated_on,
        referred_on=day(resource.get("authoredOn")),
        priority=priority_of(resource, label(concept), code(concept)),
        specialty=shown,
        specialty_code=specialty_code,
        provider=organisation(entry, recipients, "hospital"),
    )


def read_advice_message(entry: Entry) -> Iterator[AdviceMessageRecord | Rejection]:
    """Whose turn it is after a message, by who sent it."""
    resource = entry.resource
    origin = origin_of(entry, "", "sent")
    keys = request_keys(resource, "basedOn")
    sent_by = [TURNS[c] for c in codes(resource.get("category")) if c in TURNS]
    if not keys or not sent_by:
        yield reject(
            origin, "it doesn't say which request for advice it belongs to, or who sent it."
        )
        return
    yield AdviceMessageRecord(origin, keys, sent_by[0], day(resource.get("sent")))
