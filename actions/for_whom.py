"""Asks a carer for whom, and says what a carer is not told.

Shared by the questions about a record, the identity form and `actions.carers`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.turn import say
from bot.records.identity_models import IdentitySession
from bot.services.carers.choosing import (
    Person,
    carer_session,
    end_lost_session,
    people_of,
)
from bot.services.explain_referral import DIRECTIONS
from bot.services.handoffs import open_handoff
from bot.services.identity import end_identity

CARER = "carer"
"""Slot `asking_as` of a conversation in which somebody asks for another person."""
EVERYTHING = "all"
"""The scope of all that Waymark tells the patient."""
ABOUT_APPOINTMENTS = frozenset({"ask_appointment", DIRECTIONS})
ANOTHER, MYSELF = "another", "self"


def person_choice(response: str, chosen: str, name: str = "") -> dict[str, Any]:
    """A quick reply that chooses whom the carer asks for: an access's id, or ANOTHER."""
    payload = "/act_for_someone" + json.dumps({"person": chosen}, separators=(",", ":"))
    return {"response": response, "values": {"person": name}, "payload": payload}


def not_for_anybody(
    session: Session, dispatcher: CollectingDispatcher, tracker: Tracker, now: datetime
) -> bool:
    """True, and it is said why, when a carer is here who asks for nobody just now: they have not
    chosen, or their access has ended."""
    if end_lost_session(session, tracker.sender_id, now):
        say(dispatcher, "utter_carer_access_ended")
        return True
    row = carer_session(session, tracker.sender_id, now)
    if row is None or row.carer_access_id is not None:
        return False
    ask_for_whom(session, row, dispatcher, now)
    return True


def ask_for_whom(
    session: Session, row: IdentitySession, dispatcher: CollectingDispatcher, now: datetime
) -> None:
    """Let a verified carer choose; with nobody left to choose, staff are asked to look at it."""
    people = people_of(session, row, now)
    if people:
        choices = [person_choice("button_person", one.access_id, one.name) for one in people]
        say(dispatcher, "utter_carer_for_whom", choices=choices, private=True)
        return
    open_handoff(session, row.conversation_id, "task", "carer_access", now)
    end_identity(session, row.conversation_id, now, "no access")
    say(dispatcher, "utter_carer_no_access")


def say_beyond_scope(dispatcher: CollectingDispatcher, person: Person, general: str | None) -> None:
    """The question is not about an appointment, and this carer may ask about nothing else."""
    names = [*([general] if general else []), "utter_carer_appointments_only"]
    say(dispatcher, *names, values={"person": person.name}, private=True)
