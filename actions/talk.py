"""The conversation itself: yes and no, stopping, languages, privacy, not understood."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.identity import leave_form
from actions.referral import Events
from actions.requests import ask_for_person, reason_for_person
from actions.turn import (
    entity_of,
    in_form,
    intent_of,
    last_message,
    last_said,
    now,
    say,
    say_lines,
    text_of,
    typed_words,
)
from bot.language.catalogues import get_catalogues, own_name
from bot.language.names import names_language_not_offered
from bot.pathway.answers import cancer_question_answer
from bot.pathway.lexicon import all_lexicons
from bot.pathway.screening import asks_about_cancer
from bot.records.session import transaction
from bot.services.conversations import set_language
from bot.services.handoffs import open_handoff, withdraw_handoff
from bot.services.identity import end_identity
from bot.services.updates import end_subscription, running_subscription

NOT_UNDERSTOOD = ("utter_not_understood", "utter_out_of_scope")
ASK_EMERGENCY = "utter_ask_emergency"
WAITS = {"utter_handoff_waiting", "utter_handoff_waiting_closed", "utter_handoff_slipped"}
"""They tell of the place in the queue, and offer to take the request back."""
OFFERS_A_PERSON = (
    "utter_offer_person",
    "utter_identity_failed",
    "utter_identity_limit",
    "utter_no_referral",
)


def _is_about_emergency(tracker: Tracker) -> bool:
    """True when "yes" or "no" answers a card or "Is this happening now?", typed, not tapped."""
    said = last_message(tracker)
    return any(name.startswith(("utter_card_", "utter_emergency_not_yet")) for name in said) or (
        ASK_EMERGENCY in said
    )


class Affirm(Action):
    """Yes: to the offer of a person; else: to what?"""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Take up what was offered; a question about an emergency comes first."""
        if _is_about_emergency(tracker):
            say(dispatcher, "utter_emergency_not_yet")
        elif last_said(tracker) in OFFERS_A_PERSON:
            ask_for_person(dispatcher, tracker, reason_for_person(tracker))
        elif not in_form(tracker):  # there the form just asks again
            say(dispatcher, "utter_anything_else")
        return []


class Deny(Action):
    """No."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """To a wait in the queue: take it back. In the form: stop asking who they are."""
        waited = not WAITS.isdisjoint(last_message(tracker))
        if entity_of(tracker, "handoff") == "withdraw" or waited:
            return _withdraw(dispatcher, tracker)
        if _is_about_emergency(tracker):
            asked = ASK_EMERGENCY in last_message(tracker)
            say(dispatcher, "utter_emergency_mistake" if asked else "utter_emergency_not_yet")
            return []
        say(dispatcher, "utter_all_right" if in_form(tracker) else "utter_anything_else")
        return leave_form(tracker) if in_form(tracker) else []


def _withdraw(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """The patient needs no person any more."""
    with transaction() as session:
        withdrawn = withdraw_handoff(session, tracker.sender_id, now())
    say(dispatcher, "utter_handoff_withdrawn" if withdrawn else "utter_anything_else")
    return []


class Stop(Action):
    """Stop, or start again: signed out, form left."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_stop"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """End the identity session and forget which referral was meant."""
        with transaction() as session:
            end_identity(session, tracker.sender_id, now(), "stopped")
            goes_on = running_subscription(session, tracker.sender_id) is not None
        say(dispatcher, "utter_stopped", *(["utter_updates_go_on"] if goes_on else []))
        return [*leave_form(tracker), SlotSet("referral", None)]


class Inform(Action):
    """Data that nobody asked for just now."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_inform"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Say thanks and ask what is wanted."""
        say(dispatcher, "utter_got_data")
        return []


class AskNotUnderstood(Action):
    """Not understood: once with choices, the second time in a row a person is offered, and the
    third time asked for without waiting for a yes.

    It doesn't revert the turn: that would lose the language just found (docs/adr/0002-the-gate.md).
    """

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_not_understood"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Ask once, then offer a person, then call one."""
        if not any(character.isalnum() for character in text_of(tracker)):
            say(dispatcher, "utter_no_words")
        elif last_said(tracker) == "utter_offer_person":
            ask_for_person(dispatcher, tracker, "not_understood")
        elif last_said(tracker) in NOT_UNDERSTOOD:
            say(dispatcher, "utter_offer_person")
        elif intent_of(tracker) == "out_of_scope":
            say(dispatcher, "utter_out_of_scope")
        else:
            say(dispatcher, "utter_not_understood")
        return []


class ChangeLanguage(Action):
    """Another language: the one that was picked or named, else the choice of all."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Change to it and stay there."""
        language = tracker.latest_message.get("language") or {}
        found = language.get("named")
        picked = text_of(tracker).startswith("/") and entity_of(tracker, "language")
        wanted = picked or found
        if not wanted and (language.get("not_offered") or _wants_another(tracker)):
            return _no_such_language(dispatcher, tracker)
        if not wanted:
            say(dispatcher, "utter_choose_language", choices=language_choices())
            return []
        with transaction() as session:
            set_language(session, tracker.sender_id, wanted, chosen=True)
        greet = picked and last_said(tracker) is None
        name = "utter_greet" if greet else "utter_language_chosen"
        say(dispatcher, name, language=wanted)  # the slot is set only after this action
        return [SlotSet("language", wanted), SlotSet("language_chosen", True)]


def _wants_another(tracker: Tracker) -> bool:
    return names_language_not_offered(typed_words(tracker), tuple(get_catalogues().offered()))


def _no_such_language(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """A language that is not offered: 999 in all that are, and an interpreter is asked for."""
    with transaction() as session:
        open_handoff(session, tracker.sender_id, "task", "interpreter", now())
    names = ("utter_any_language_999", "utter_language_not_offered")
    say(dispatcher, *names, choices=language_choices())
    return []


def language_choices() -> list[dict[str, Any]]:
    """A quick reply for each offered language, in itself."""
    return [
        {
            "response": "button_language",
            "values": {"name": own_name(code)},
            "payload": f'/change_language{{"language":"{code}"}}',
        }
        for code in get_catalogues().offered()
    ]


class DeleteMyData(Action):
    """Delete my data: a task for staff, and signed out at once."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_delete_my_data"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Open the task, sign out, and send no more updates."""
        with transaction() as session:
            open_handoff(session, tracker.sender_id, "task", "data_request", now())
            end_identity(session, tracker.sender_id, now(), "data request")
            ended = end_subscription(session, tracker.sender_id, now(), "data request")
        say(dispatcher, "utter_delete_my_data", *(["utter_updates_off"] if ended else []))
        return leave_form(tracker)


class AskMedicalAdvice(Action):
    """Medical advice is kindly refused; "is it cancer?" has an answer of its own."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_ask_medical_advice"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Say who can answer."""
        if asks_about_cancer(text_of(tracker), all_lexicons()):
            say_lines(dispatcher, cancer_question_answer())
        else:
            say(dispatcher, "utter_medical_advice")
        return []
