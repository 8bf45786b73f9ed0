"""I ask for somebody else: what is needed for that, signing in as a carer, and choosing for whom.

Only staff record access; here it is looked up. What a carer asks afterwards is answered by
`actions.referral`, about the person chosen.
"""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.for_whom import ANOTHER, CARER, MYSELF, ask_for_whom
from actions.going_on import go_on_for_person
from actions.identity import clear_identity, leave_form
from actions.referral import Events
from actions.turn import IDENTITY_FORM, entity_of, now, say
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.services.carers.choosing import (
    carer_session,
    choose_person,
    leave_person,
    people_of,
    person_of,
)
from bot.services.handoffs import open_handoff
from bot.services.identity import end_identity

REGISTERED, ASK_STAFF = "registered", "ask"


class ActForSomeone(Action):
    """I ask for my father; or a quick reply about it."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_act_for_someone"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Explain, begin the sign-in, choose, or pass on to staff."""
        access, person = entity_of(tracker, "access"), entity_of(tracker, "person")
        with transaction() as session:
            if access == ASK_STAFF:
                open_handoff(session, tracker.sender_id, "task", "carer_access", now())
                say(dispatcher, "utter_carer_access_asked")
                return []
            row = carer_session(session, tracker.sender_id, now())
            if row is not None and person != MYSELF:
                return _for_whom(session, row, dispatcher, tracker, person)
            if access == REGISTERED or person == MYSELF:  # never signed in as both at once
                end_identity(session, tracker.sender_id, now(), "asks in another role")
        if access == REGISTERED:
            return _sign_in(tracker)
        if person == MYSELF:
            say(dispatcher, "utter_anything_else")
            return leave_form(tracker)
        say(dispatcher, "utter_act_for_someone")
        return []


def _sign_in(tracker: Tracker) -> Events:
    """The identity form from its beginning, on the carer's route."""
    begun = [SlotSet("asking_as", CARER), SlotSet("referral", None)]
    return [*clear_identity(tracker), *begun, ActiveLoop(None), FollowupAction(IDENTITY_FORM)]


def _for_whom(
    session: Session,
    row: IdentitySession,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    chosen: str | None,
) -> Events:
    """A verified carer chooses, or wants to choose again."""
    if chosen and chosen != ANOTHER:
        taken = choose_person(session, row, chosen, now())
        if taken is not None:
            return go_on_for_person(session, taken, dispatcher, tracker)
        ask_for_whom(session, leave_person(session, row, now()), dispatcher, now())
        return []
    person = person_of(session, row)
    if person is not None and len(people_of(session, row, now())) == 1:
        values = {"person": person.name}
        say(dispatcher, "utter_carer_one_person", values=values, private=True)
        return []
    ask_for_whom(session, leave_person(session, row, now()), dispatcher, now())
    return [SlotSet("referral", None), SlotSet("pending_question", None)]
