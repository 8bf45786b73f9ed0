"""Asks what would suit the patient, one wish at a time, and keeps each answer at once.

A tap names its wish, so no form is needed: the chat may go anywhere in between. What is typed
instead is kept word for word (`bot.policies.wish_words` sends it here).
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.turn import intent_of, last_message, now, say, typed_words
from bot.pathway.requests import DAY_WISHES, DAYS_DONE, Wishes, next_question, with_wish, with_words
from bot.records.request_models import CareRequest
from bot.records.session import transaction
from bot.services.identity import current_identity
from bot.services.requests.making import make_request, newest_open
from bot.services.requests.wishes import add_wishes

Events = list[dict[str, Any]]
Choices = list[dict[str, Any]]
ASKED = {
    "utter_wish_part_of_day": "part_of_day",
    "utter_wish_weekdays": "weekdays",
    "utter_wish_more_weekdays": "weekdays",
    "utter_wish_earliest": "earliest",
    "utter_wish_short_notice": "short_notice",
}
"""Question → the field of the wishes that it asks for."""
QUESTIONS = {
    "part_of_day": "utter_wish_part_of_day",
    "weekdays": "utter_wish_weekdays",
    "earliest": "utter_wish_earliest",
    "short_notice": "utter_wish_short_notice",
}
REFUSED = {
    "utter_wish_part_of_day": "any_time",
    "utter_wish_weekdays": "any_day",
    "utter_wish_more_weekdays": DAYS_DONE,
    "utter_wish_earliest": "any_start",
    "utter_wish_short_notice": "no_short_notice",
}
"""What a typed "no" means to each question."""
OF_SUPPORT = "utter_wish_access"
OF_LANGUAGE = "utter_wish_language"


def take_wish(
    session: Session, row: CareRequest, wish: str, moment: Any
) -> tuple[list[str], dict[str, Any], Choices]:
    """Keep a tap and say what comes next; a wish we don't know only asks on."""
    row = add_wishes(session, row, lambda wishes: with_wish(wishes, wish), moment)
    values = {"appointment": row.appointment_id or ""}
    if wish in DAY_WISHES:
        return ["utter_wish_more_weekdays"], values, _days(row.wishes)
    names, choices = question_of(row.wishes)
    return names, values, choices


def question_of(wishes: Wishes) -> tuple[list[str], Choices]:
    """The next question, or that all is passed on."""
    field = next_question(wishes)
    if field is None:
        return ["utter_wishes_done"], []
    return [QUESTIONS[field]], _days(wishes) if field == "weekdays" else []


def _days(wishes: Wishes) -> Choices:
    """The days that weren't chosen yet, and a way on."""
    chosen = wishes.get("weekdays") or []
    left = [wish for wish, days in DAY_WISHES.items() if not set(days) <= set(chosen)]
    named = [_tap("button_weekday", day, {"day": day}) for day in left if day != "weekend"]
    weekend = [_tap("button_weekend", "weekend", {})] if "weekend" in left else []
    on = _tap("button_that_is_all", "days_done", {}) if chosen else None
    return [*named, *weekend, on or _tap("button_any_day", "any_day", {})]


def _tap(response: str, wish: str, values: dict[str, Any]) -> dict[str, Any]:
    payload = f'/reschedule_appointment{{"wish":"{wish}"}}'
    return {"response": response, "values": values, "payload": payload}


class KeepWords(Action):
    """What was typed in answer to a wish: to staff as it is, then the next question."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_keep_words"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Keep the words with the request that the question belonged to; without one make it."""
        asked = last_message(tracker)
        sentence = next((name for name in asked if name in ASKED), None)
        question = ASKED[sentence] if sentence else None
        words = typed_words(tracker)
        kind = kind_asked(asked)
        with transaction() as session:
            identity = current_identity(session, tracker.sender_id, now())
            row = newest_open(session, tracker.sender_id, kind, identity)
            row = row or make_request(session, tracker.sender_id, kind, now(), identity=identity)
            refused = question and intent_of(tracker) == "deny" and _is_bare(tracker)
            agreed = question == "short_notice" and intent_of(tracker) == "affirm"
            if refused or (agreed and _is_bare(tracker)):
                if not words.isalpha():  # "no Fridays" may be more than a no
                    row = add_wishes(session, row, lambda old: with_words(old, words), now())
                wish = REFUSED[str(sentence)] if refused else "short_notice"
                names, values, choices = take_wish(session, row, wish, now())
            else:
                row = add_wishes(session, row, lambda old: with_words(old, words, question), now())
                values = {"appointment": row.appointment_id or ""}
                names, choices = question_of(row.wishes) if question else (["utter_words_kept"], [])
                names = ["utter_words_noted", *names] if question else names
        say(dispatcher, *names, values=values, choices=choices)
        return []


def kind_asked(asked: list[str]) -> str:
    """The kind of request whose wishes the answer before asked for."""
    if any(name.startswith(OF_SUPPORT) for name in asked):
        return "access"
    if any(name.startswith(OF_LANGUAGE) for name in asked):
        return "interpreter"
    return "another_day"


def _is_bare(tracker: Tracker) -> bool:
    """Whether it is a yes or no and hardly more."""
    return len(typed_words(tracker).split()) <= 2
