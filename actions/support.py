"""An interpreter, or support to come and be understood: passed on, never called arranged.

Each is a task for staff at once; what exactly is needed is picked by quick replies, which add up,
or typed, which is kept word for word (`wishes.KeepWords`).
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.requests import referral_talked_of
from actions.turn import entity_of, now, say, typed_words
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.pathway.requests import (
    SIGN_LANGUAGE,
    SUPPORT,
    Wishes,
    spoken,
    with_choice,
)
from bot.records.chat_models import Conversation
from bot.records.session import transaction
from bot.services.identity import current_identity
from bot.services.requests.making import make_request, newest_open
from bot.services.requests.wishes import add_wishes

Events = list[dict[str, Any]]
DONE, OTHER = "done", "other"
TITLES = {
    "wheelchair": "button_access_wheelchair",
    "transport": "button_access_transport",
    "hearing": "button_access_hearing",
    "sight": "button_access_sight",
    "companion": "button_access_companion",
}


class RequestAccessSupport(Action):
    """Wheelchair, transport, large print, somebody to come along."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_request_access_support"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Pass it on; then what would help, as long as the patient picks more."""
        picked = entity_of(tracker, "access")
        if picked == DONE:
            say(dispatcher, "utter_access_done")
            return []
        wishes, verified = _keep(
            tracker, "access", "support", picked if picked in SUPPORT else None
        )
        left = [kind for kind in SUPPORT if kind not in wishes.get("support", ())]
        choices = [_pick("request_access_support", "access", TITLES[one], one) for one in left]
        choices.append(_pick("request_access_support", "access", "button_that_is_all", DONE))
        who = [] if verified else ["utter_request_say_who"]
        if picked in SUPPORT:
            say(dispatcher, "utter_wish_access_more", choices=choices)
        else:
            say(dispatcher, "utter_access_noted", *who, "utter_wish_access", choices=choices)
        return []


class RequestInterpreter(Action):
    """An interpreter or a sign language interpreter, please."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_request_interpreter"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Pass it on; then which language: the chat's own first, or sign language."""
        picked = entity_of(tracker, "wish")
        if picked == OTHER:
            say(dispatcher, "utter_wish_language_other")
            return []
        wishes, verified = _keep(tracker, "interpreter", "languages", picked)
        if picked:
            values = {"interpreter": [spoken(code) for code in wishes["languages"]]}
            more = [_pick("request_interpreter", "wish", "button_interpreter_other", OTHER)]
            say(dispatcher, "utter_interpreter_language_noted", values=values, choices=more)
            return []
        who = [] if verified else ["utter_request_say_who"]
        choices = _languages(tracker)
        say(dispatcher, "utter_interpreter_noted", *who, "utter_wish_language", choices=choices)
        return []


def _keep(tracker: Tracker, kind: str, field: str, picked: str | None) -> tuple[Wishes, bool]:
    """The request with what was picked or typed, and whether it is known who asks."""
    with transaction() as session:
        identity = current_identity(session, tracker.sender_id, now())
        row = newest_open(session, tracker.sender_id, kind, identity) if picked else None
        row = row or make_request(
            session,
            tracker.sender_id,
            kind,
            now(),
            identity=identity,
            words=typed_words(tracker),
            referral_id=referral_talked_of(session, tracker),
        )
        if picked:
            row = add_wishes(session, row, lambda old: with_choice(old, field, picked), now())
        return row.wishes, identity is not None


def _languages(tracker: Tracker) -> list[dict[str, Any]]:
    with transaction() as session:
        conversation = session.get(Conversation, tracker.sender_id)
        own = tracker.get_slot("language") or (conversation and conversation.language)
    first = []
    if own and own != SOURCE_LANGUAGE:
        first = [_pick("request_interpreter", "wish", "button_interpreter_language", own)]
        first[0]["values"] = {"language": own}
    return [
        *first,
        _pick("request_interpreter", "wish", "button_interpreter_bsl", SIGN_LANGUAGE),
        _pick("request_interpreter", "wish", "button_interpreter_other", OTHER),
    ]


def _pick(intent: str, entity: str, response: str, value: str) -> dict[str, Any]:
    payload = f'/{intent}{{"{entity}":"{value}"}}'
    return {"response": response, "values": {}, "payload": payload}
