"""After a carer has verified themself or chosen: says for whom, and answers the kept question."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.appointments import KINDS, continue_request
from actions.for_whom import ANOTHER, EVERYTHING, ask_for_whom, person_choice
from actions.referral import Events, answer_question
from actions.turn import now, say
from actions.updates import SUBSCRIBE, turn_on
from bot.records.identity_models import IdentitySession
from bot.services.carers.choosing import people_of, person_of
from bot.services.requests.making import bind_requests


def go_on_for_person(
    session: Session, row: IdentitySession, dispatcher: CollectingDispatcher, tracker: Tracker
) -> Events:
    """The next step of a verified carer: choose first, or be answered."""
    person = person_of(session, row)
    kept = tracker.get_slot("pending_question")
    if person is None:
        ask_for_whom(session, row, dispatcher, now())
        return [SlotSet("pending_question", kept)]
    several = len(people_of(session, row, now())) > 1
    choices = [person_choice("button_somebody_else", ANOTHER)] if several else []
    values = {"person": person.name}
    say(dispatcher, "utter_carer_asking_for", values=values, choices=choices, private=True)
    question = "ask_referral_status" if person.scope == EVERYTHING else "ask_appointment"
    bind_requests(session, row, now())
    if kept == SUBSCRIBE:
        turn_on(session, row, dispatcher)
        return [SlotSet("referral", None), SlotSet("pending_question", None)]
    go_on = continue_request if kept in KINDS else answer_question
    answered = go_on(session, row, dispatcher, tracker, kept or question)
    return [SlotSet("referral", None), *answered, SlotSet("pending_question", None)]
