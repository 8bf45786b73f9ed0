"""Checks what the patient gave to show who they are: invitation, or details and a one-time code.

Called by the form (`actions.identity`) once a field is filled; opens the identity session.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.turn import now, say
from bot.pathway.carer_rules import CARER_ROUTE
from bot.records.session import transaction
from bot.services.demo_phone import DEMO_PAGE
from bot.services.handoffs import open_handoff
from bot.services.identity import (
    Claim,
    check_code,
    check_invitation,
    code_is_spent,
    invited_subject,
    minutes_to_wait,
    running_session,
    send_code,
)
from bot.services.seal import unseal, unseal_date
from bot.settings import get_settings

Events = list[dict[str, Any]]
BY_NUMBER, BY_NAME, BY_INVITATION, GIVEN_UP = "number", "name", "invitation", "given_up"
BY_CARER = CARER_ROUTE
FIELDS = ("nhs_number", "family_name", "date_of_birth", "postcode", "code")
ASKED_BY = {
    BY_INVITATION: ["date_of_birth"],
    BY_NUMBER: ["nhs_number", "date_of_birth", "code"],
    BY_NAME: ["family_name", "date_of_birth", "postcode", "code"],
    BY_CARER: ["family_name", "date_of_birth", "postcode", "code"],
    GIVEN_UP: [],
}
NOT_ASKED = "-"
"""Fills the slots that a route doesn't need, so that Rasa asks the next one that it does."""
UNREADABLE = {
    "nhs_number": "utter_nhs_number_wrong",
    "family_name": "utter_name_unreadable",
    "date_of_birth": "utter_date_unreadable",
    "postcode": "utter_postcode_unreadable",
    "code": "utter_code_unreadable",
}


def check(dispatcher: CollectingDispatcher, tracker: Tracker, given: dict[str, str]) -> Events:
    """Fill the slots; verify once all that the route asks for is there."""
    events = [SlotSet(field, token) for field, token in given.items()]
    slots = {field: given.get(field) or _token(tracker, field) for field in FIELDS}
    route = tracker.get_slot("identity_route") or BY_NUMBER
    with transaction() as session:
        if running_session(session, tracker.sender_id, now()) is not None:
            return events  # verified already: a crash came in between, and the turn is run again
        if route == BY_INVITATION:
            return events + _by_invitation(session, dispatcher, tracker, slots)
        return events + _by_code(session, dispatcher, tracker, slots, given)


def _token(tracker: Tracker, field: str) -> str | None:
    value = tracker.get_slot(field)
    return value if value != NOT_ASKED else None


def _by_invitation(
    session: Session,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    slots: dict[str, str | None],
) -> Events:
    moment = now()
    birth_date = unseal_date(session, tracker.sender_id, slots["date_of_birth"], moment)
    if birth_date is None:
        say(dispatcher, UNREADABLE["date_of_birth"])
        return [SlotSet("date_of_birth", None)]
    subject = invited_subject(session, tracker.sender_id)
    wait = minutes_to_wait(session, tracker.sender_id, subject, moment)
    if wait:
        say(dispatcher, "utter_identity_limit", values={"wait": wait})
    elif check_invitation(session, tracker.sender_id, birth_date, moment) is None:
        say(dispatcher, "utter_identity_failed")
    else:
        return []
    return [SlotSet("identity_route", GIVEN_UP)]


def _by_code(
    session: Session,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    slots: dict[str, str | None],
    given: dict[str, str],
) -> Events:
    moment = now()
    claim = _claim(session, tracker, slots)
    if claim is None:
        return []
    wait = minutes_to_wait(session, tracker.sender_id, claim.subject, moment)
    if wait:
        say(dispatcher, "utter_identity_limit", values={"wait": wait})
        return [SlotSet("identity_route", GIVEN_UP)]
    if "code" not in given or slots["code"] is None:
        as_carer = tracker.get_slot("identity_route") == BY_CARER
        send_code(session, tracker.sender_id, claim, moment, as_carer=as_carer)
        if get_settings().mode == "demo":
            address = get_settings().public_url + DEMO_PAGE
            say(dispatcher, "utter_code_on_demo_page", values={"address": address})
        return [SlotSet("code", None)]
    typed = unseal(session, tracker.sender_id, slots["code"], moment) or ""
    if check_code(session, tracker.sender_id, claim.subject, typed, moment) is not None:
        return []
    if code_is_spent(session, tracker.sender_id, moment):
        say(dispatcher, "utter_identity_failed")
        return [SlotSet("identity_route", GIVEN_UP)]
    say(dispatcher, "utter_code_wrong")
    return [SlotSet("code", None)]


def _claim(session: Session, tracker: Tracker, slots: dict[str, str | None]) -> Claim | None:
    """Who the patient says they are, once all but the code is there."""
    moment, me = now(), tracker.sender_id
    birth_date = unseal_date(session, me, slots["date_of_birth"], moment)
    if birth_date is None:
        return None
    if slots["nhs_number"]:
        number = unseal(session, me, slots["nhs_number"], moment)
        return Claim(birth_date, nhs_number=number) if number else None
    name = unseal(session, me, slots["family_name"], moment)
    postcode = unseal(session, me, slots["postcode"], moment)
    if not (name and postcode):
        return None
    return Claim(birth_date, family_name=name, postcode=postcode)


def give_up(
    dispatcher: CollectingDispatcher, tracker: Tracker, response: str, reason: str
) -> Events:
    with transaction() as session:
        open_handoff(session, tracker.sender_id, "task", reason, now())
    say(dispatcher, response)
    return [SlotSet("identity_route", GIVEN_UP)]
