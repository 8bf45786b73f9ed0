"""ReferralRequest (e-RS STU3) and ServiceRequest (R4) → ReferralRecord.

Called by `convert`. In STU3 `status` is only active or cancelled: the state is in an extension
[R1]; in R4 it is in another one [R2], or nowhere, and then the status says what little it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.fhir.dates import day, weeks
from bot.fhir.entries import Entry, Rejection
from bot.fhir.identifiers import address, bare_id, linked_ubrn, ubrn, ubrn_of
from bot.fhir.origins import origin_of, reject
from bot.fhir.people import organisation, person
from bot.fhir.records import Json, ReferralRecord
from bot.fhir.references import OrganisationRef
from bot.fhir.specialties import specialty, suspected_cancer
from bot.fhir.tree import (
    as_dict,
    as_list,
    code,
    codes,
    extension_value,
    extensions,
    label,
    text,
    value,
    walk,
)
from bot.pathway.states import (
    State,
    from_advice_state,
    from_ers_state,
    from_wayfinder_referral,
    plain,
)

STATE = ("eRS-ReferralState", "eRS-ServiceRequest-State", "eRS-AdviceAndGuidanceState")
URGENT = {"urgent": "urgent", "stat": "urgent", "routine": "routine"}
TWO_WEEK = {"twoweekwait", "2weekwait", "2ww", "asap", "urgentsuspectedcancer"}
UNKNOWN_STATE = (
    "its state code isn't known, so it is kept as one that cannot be seen. Tell who looks after"
    " Waymark."
)


def read_referral(entry: Entry) -> Iterator[ReferralRecord | Rejection]:
    """The referral; a rejection when nothing tells which one it is."""
    resource = entry.resource
    origin = origin_of(entry, "", "authoredOn")
    number = ubrn_of(resource)
    if entry.kind == "ReferralRequest":
        number = number or ubrn(resource.get("id"))
    number = number or linked_ubrn(extension_value(resource, "Portal-Link"))
    source_id = text(resource.get("id")) or number or text(entry.url)
    if not source_id:
        yield reject(origin, "it has no id and no UBRN. Return it to the sender.")
        return
    advice = "advice-and-guidance" in codes(resource.get("code")) or source_id.startswith("a.")
    state, reason, problem = state_of(resource, advice)
    shown, specialty_code = specialty(*_specialty_texts(resource))
    provider = _provider(entry)
    yield ReferralRecord(
        origin=origin,
        source_id=f"a.{bare_id(source_id)}" if advice else source_id,
        patient=person(entry, resource.get("subject") or resource.get("patient")),
        keys=own_keys(entry, number),
        ubrn=number,
        advice=advice,
        state=state,
        problem=problem,
        reason=reason,
        since=origin.stated_on,
        referred_on=day(resource.get("authoredOn"))
        or day(extension_value(resource, "eRS-ClinicalInfoFirstSubmitted"))
        or day(extension_value(resource, "eRS-eReferralPathwayStart")),
        clock_start=day(extension_value(resource, "eRS-eReferralPathwayStart")),
        review_due=day(extension_value(resource, "eRS-ReviewDueDate")),
        priority=priority_of(resource, *_specialty_texts(resource), *_service_names(resource)),
        specialty=shown,
        specialty_code=specialty_code,
        provider=provider,
        referrer=organisation(entry, _requester(resource), "other"),
        interpreter_requested=_interpreter(resource),
        planned_wait_weeks=weeks(extension_value(resource, "PlannedWaitTime")),
        p80_wait_weeks=weeks(extension_value(resource, "80thPercentileWaitTime")),
    )


def own_keys(entry: Entry, number: str | None) -> tuple[str, ...]:
    """All names under which others may refer to this entry."""
    own_id = text(entry.resource.get("id"))
    keys = [f"ubrn:{number}"] if number else []
    keys += [f"request:{bare_id(own_id)}"] if own_id and not entry.container else []
    keys += [entry.url] if entry.url else []
    for item in walk(entry.resource, "identifier"):
        held = text(item.get("value")) if isinstance(item, dict) else None
        if held and held.startswith(("r.", "a.")):
            keys.append(f"request:{bare_id(held)}")
    return tuple(dict.fromkeys(keys))


def state_of(resource: Json, advice: bool) -> tuple[State | None, str | None, str | None]:
    """(state, reason or state code, what is wrong). State None: not shown, or not known."""
    for extension in extensions(resource, *STATE):
        held = value(extension)
        own = code(held) or code(extension_value(extension, "state"))
        reason = code(extension_value(extension, "reason"))
        if own:
            state = from_advice_state(own) if advice else None
            state = state or from_ers_state(own, reason) or from_wayfinder_referral(own)
            return state, (reason or own)[:100], None if state else UNKNOWN_STATE
    status = code(resource.get("status")) or ""
    if advice:
        answered = {"active": State.ADVICE_REQUESTED, "completed": State.ADVICE_BACK_WITH_GP}
        if plain(status) in answered:
            return answered[plain(status)], None, None
    if plain(status) in ("cancelled", "enteredinerror"):
        return State.REFERRAL_CANCELLED, None, None
    return from_ers_state(status), None, None


def priority_of(resource: Json, *labels: str | None) -> str | None:
    """routine, urgent or two_week_wait; None when nothing tells. A cancer label outweighs all."""
    said = [
        plain(found)
        for found in [
            code(extension_value(resource, "eRS-ReferralPriority", "ServiceRequest-Priority")),
            code(resource.get("priority")),
        ]
        if found
    ]
    if suspected_cancer(*labels) or any(word in TWO_WEEK for word in said):
        return "two_week_wait"
    return next((URGENT[word] for word in said if word in URGENT), None)


def _specialty_texts(resource: Json) -> list[str | None]:
    """What names the specialty, the most telling first; search criteria last [R1]."""
    texts: list[str | None] = []
    for concept in (
        *walk(resource, "specialty"),
        *as_list(extension_value(resource, "Specialty", "eRS-Specialty")),
        *walk(resource, "performerType"),
        *walk(resource, "orderDetail"),
    ):
        texts += [label(concept), code(concept)]
    for parameter in walk(resource, "contained", "parameter"):
        if isinstance(parameter, dict) and parameter.get("name") == "specialty":
            texts.append(code(value(parameter)))
    return texts


def _service_names(resource: Json) -> list[str | None]:
    """Names of the clinics' services in what is contained: they may be labelled 2WW."""
    found = walk(resource, "contained", "participant", "actor", "display")
    return [text(name) for name in found]


def _provider(entry: Entry) -> OrganisationRef | None:
    """Who is to see the patient: the performer, else the service of the appointment in it."""
    resource = entry.resource
    for performer in walk(resource, "performer") + walk(resource, "recipient"):
        found = organisation(entry, performer, "hospital")
        if found and (found.ods_code or found.name or found.service):
            return found
    for actor in walk(resource, "contained", "participant", "actor"):
        found = organisation(entry, actor, "hospital")
        if found and found.service:
            return found
    return None


def _requester(resource: Json) -> Any:
    """The referrer's reference: R4 `requester`, STU3 `requester.agent` / `onBehalfOf`."""
    requester = as_dict(resource.get("requester"))
    return [
        *walk(requester, "onBehalfOf"),
        *([requester] if address(requester) or requester.get("identifier") else []),
        *walk(requester, "agent"),
    ]


def _interpreter(resource: Json) -> bool | None:
    """True when an interpreter was asked for. Never that one is booked (referral-states.md)."""
    asked = [value(parameter) for parameter in walk(resource, "contained", "parameter")]
    asked += [value(item) for item in walk(resource, "extension")]
    asked += walk(resource, "supportingInfo")
    words = [word for item in asked for word in (*codes(item), label(item) or "")]
    return True if any("interpreter" in word.casefold() for word in words) else None
