"""Asks who the patient is, and answers the question that was kept meanwhile.

With an invitation link the date of birth is enough; otherwise NHS number (or family name and
postcode), date of birth, and a one-time code sent to the phone on record. A carer is asked for
their own name, and the code goes to the phone that staff recorded. The slots hold sealed tokens,
never the values.
"""

from __future__ import annotations

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.appointments import KINDS, continue_request
from actions.for_whom import CARER
from actions.going_on import go_on_for_person
from actions.identity_checks import (
    ASKED_BY,
    BY_CARER,
    BY_INVITATION,
    BY_NAME,
    BY_NUMBER,
    FIELDS,
    GIVEN_UP,
    NOT_ASKED,
    UNREADABLE,
    Events,
    check,
    give_up,
)
from actions.referral import answer_question
from actions.turn import IDENTITY_FORM, entity_of, intent_of, now, say, text_of
from actions.updates import SUBSCRIBE, turn_on
from bot.records.session import transaction
from bot.services.carers.choosing import carer_session
from bot.services.conversations import set_awaiting
from bot.services.identity import current_identity, minutes_to_wait
from bot.services.invitations import has_open_invitation
from bot.services.requests.making import bind_requests
from bot.services.seal import order_date

ATTEMPTS = ("number", "unreadable_date", "phone", "reference", "nhs_number", "code")
"""Identifiers that show an attempt to give data, though not the data asked for."""
DATA_INTENTS = ("inform", "nlu_fallback", "out_of_scope", "None")
"""What an attempt to give data may be taken for; any other intent is a question in between."""


class ValidateIdentityForm(FormValidationAction):
    """Reads what was given, checks it, and decides what is asked next."""

    def name(self) -> str:
        """The action's name in the domain."""
        return f"validate_{IDENTITY_FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        """One turn of the form."""
        events: Events = []
        if not tracker.get_slot("identity_route"):
            events += _begin(dispatcher, tracker)
        if not (events and events[-1].get("value") == GIVEN_UP):
            events += _take(dispatcher, tracker)
        for event in events:
            if event["event"] == "slot":
                tracker.slots[event["name"]] = event["value"]
        return [*events, *_ask_next(tracker, events)]


def _begin(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """Choose the route; too many tries in a short time: say how long to wait instead."""
    with transaction() as session:
        wait = minutes_to_wait(session, tracker.sender_id, None, now())
        invited = has_open_invitation(session, tracker.sender_id, now())
    if wait:
        say(dispatcher, "utter_identity_limit", values={"wait": wait})
        return [SlotSet("identity_route", GIVEN_UP)]
    if tracker.get_slot("asking_as") == CARER:
        return _route(BY_CARER)
    return _route(BY_INVITATION if invited else BY_NUMBER)


def _route(name: str) -> Events:
    """Take a route: what it doesn't ask is marked so."""
    marks = [(field, None if field in ASKED_BY[name] else NOT_ASKED) for field in FIELDS]
    return [*(SlotSet(field, mark) for field, mark in marks), SlotSet("identity_route", name)]


def _ask_next(tracker: Tracker, events: Events) -> Events:
    """Set the requested slot and remember it for the door."""
    if not events:
        return []  # nothing was given: the form steps aside for a question in between
    route = tracker.get_slot("identity_route") or BY_NUMBER
    missing = next((field for field in ASKED_BY[route] if not tracker.get_slot(field)), None)
    with transaction() as session:
        set_awaiting(session, tracker.sender_id, missing)
    return [SlotSet("requested_slot", missing)]


def _take(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """What this message gave; [] when it gave nothing and is no failed attempt either."""
    wanted = tracker.get_slot("requested_slot")
    if wanted == "nhs_number" and (entity_of(tracker, "no_number") or _says_no(tracker)):
        return _route(BY_NAME)
    if wanted == "code" and (entity_of(tracker, "no_code") or _says_no(tracker)):
        if tracker.get_slot("identity_route") == BY_CARER:
            return give_up(dispatcher, tracker, "utter_carer_no_code", "carer_access")
        return give_up(dispatcher, tracker, "utter_identity_no_code", "identity_failed")
    given: dict[str, str] = {}
    for field in ASKED_BY[tracker.get_slot("identity_route") or BY_NUMBER]:
        token = entity_of(tracker, field)  # the sealed identifiers' entities are named like slots
        if token:
            given[field] = token
    if "date_of_birth" not in given:
        unclear = entity_of(tracker, "unclear_date")
        if unclear:
            return _ask_date_order(dispatcher, unclear, given)
        given |= _ordered_date(tracker)
    if not given:
        return _unreadable(dispatcher, tracker, wanted)
    return check(dispatcher, tracker, given)


def _ask_date_order(
    dispatcher: CollectingDispatcher, unclear: str, given: dict[str, str]
) -> Events:
    """Keep a date whose day and month could be the other way round, and ask which it is."""
    say(dispatcher, "utter_which_date_order")
    kept = given | {"unclear_date": unclear}
    return [*(SlotSet(name, token) for name, token in kept.items()), SlotSet("date_of_birth", None)]


def _ordered_date(tracker: Tracker) -> dict[str, str]:
    """The kept date as the patient has just said that it is to be read."""
    order, unclear = entity_of(tracker, "date_order"), tracker.get_slot("unclear_date")
    if not (order and unclear):
        return {}
    with transaction() as session:
        first = order == "month_first"
        token = order_date(session, tracker.sender_id, unclear, now(), month_first=first)
    return {"date_of_birth": token} if token else {}


def _says_no(tracker: Tracker) -> bool:
    return intent_of(tracker) == "deny"


def _unreadable(dispatcher: CollectingDispatcher, tracker: Tracker, wanted: str | None) -> Events:
    """An attempt to give what was asked for gets one sentence; a question in between none."""
    attempt = intent_of(tracker) in DATA_INTENTS
    attempt = attempt or any(entity_of(tracker, entity) for entity in ATTEMPTS)
    if not wanted or not attempt or text_of(tracker).startswith("/"):
        return []
    say(dispatcher, UNREADABLE[wanted])
    return [SlotSet(wanted, None)]


def clear_identity(tracker: Tracker) -> Events:
    """Empty the form's slots, and tell the door that nothing is awaited."""
    with transaction() as session:
        set_awaiting(session, tracker.sender_id, None)
    names = (*FIELDS, "unclear_date", "identity_route", "requested_slot")
    return [SlotSet(name, None) for name in names]


def leave_form(tracker: Tracker) -> Events:
    """End the form without an answer."""
    cleared = (SlotSet(name, None) for name in ("pending_question", "asking_as"))
    return [*clear_identity(tracker), *cleared, ActiveLoop(None)]


class AfterIdentity(Action):
    """After the form: the kept question is answered, so that nobody has to ask it again."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_after_identity"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Answer, or just clear up when the patient was not verified."""
        cleared = [*clear_identity(tracker), SlotSet("pending_question", None)]
        question = tracker.get_slot("pending_question") or "ask_referral_status"
        with transaction() as session:
            carer = carer_session(session, tracker.sender_id, now())
            if carer is not None:
                return [*cleared, *go_on_for_person(session, carer, dispatcher, tracker)]
            identity = current_identity(session, tracker.sender_id, now())
            if identity is None:
                return cleared
            bind_requests(session, identity, now())
            go_on = continue_request if question in KINDS else answer_question
            found = "utter_identity_succeeded"
            if question == SUBSCRIBE:
                turn_on(session, identity, dispatcher, found)
                return cleared
            return [*cleared, *go_on(session, identity, dispatcher, tracker, question, found)]
