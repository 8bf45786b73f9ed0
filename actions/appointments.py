"""What the patient asks of an appointment: to come, not to come, another day.

The request and its task are there before anything is answered, also while nobody knows who asks.
Then: who is it, which appointment, and for another day what would suit (`wishes`). Nothing is
called changed before the record says so.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.for_whom import not_for_anybody
from actions.requests import referral_talked_of
from actions.turn import IDENTITY_FORM, entity_of, in_form, now, say, typed_words
from actions.wishes import question_of, take_wish
from bot.pathway.lines import shown
from bot.pathway.requests import CHANGES, is_very_soon
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment
from bot.records.request_models import CareRequest
from bot.records.session import transaction
from bot.services.explain_referral import hospital_phone
from bot.services.identity import current_identity
from bot.services.requests.making import make_request, newest_open, place_request
from bot.services.requests.settling import take_back
from bot.services.telling_level import level_of

Events = list[dict[str, Any]]
Said = tuple[list[str], dict[str, Any], list[dict[str, Any]]]
"""Responses, their values, and choices: one answer."""
AFTER_ALL = "after_all"
KINDS = {
    "confirm_appointment": "confirm",
    "cancel_appointment": "cannot_come",
    "reschedule_appointment": "another_day",
}
NOTED = {
    "confirm": "utter_asked_confirm",
    "cannot_come": "utter_asked_cannot_come",
    "another_day": "utter_asked_another_day",
}
NOTED_UNDATED = {
    "confirm": "utter_confirm_noted",
    "cannot_come": "utter_change_asked",
    "another_day": "utter_change_asked",
}


class AppointmentRequest:
    """A request about one appointment. Subclasses name their intent."""

    intent: str

    def name(self) -> str:
        """The action's name in the domain."""
        return f"action_{self.intent}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Write it down, then find out whose and which appointment it is."""
        wish, kind = entity_of(tracker, "wish"), KINDS[self.intent]
        with transaction() as session:
            identity = current_identity(session, tracker.sender_id, now())
            if wish == AFTER_ALL and identity is not None:
                return _take_back(session, identity, dispatcher, tracker)
            tapped = bool(wish) and kind == "another_day"
            known = newest_open(session, tracker.sender_id, kind, identity) if tapped else None
            row = known or make_request(
                session,
                tracker.sender_id,
                kind,
                now(),
                identity=identity,
                wanted=entity_of(tracker, "appointment"),
                words=typed_words(tracker),
                referral_id=referral_talked_of(session, tracker),
            )
            if tapped:
                said = take_wish(session, row, str(wish), now())
            elif identity is not None:
                said = _placed(session, identity, row)
            elif not_for_anybody(session, dispatcher, tracker, now()):
                return [SlotSet("pending_question", self.intent)]
            else:
                said = ([NOTED_UNDATED[kind], "utter_request_who"], {}, [])
        names, values, choices = said
        private = identity is not None and not tapped
        say(dispatcher, *names, values=values, choices=choices, private=private)
        if identity is not None or tapped:
            return []
        asked = [SlotSet("pending_question", self.intent)]
        return asked if in_form(tracker) else [*asked, FollowupAction(IDENTITY_FORM)]


def continue_request(
    session: Session,
    identity: IdentitySession,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    intent: str,
    *before: str,
) -> Events:
    """Go on with a request that was made before the patient had shown who they are."""
    kind = KINDS[intent]
    row = newest_open(session, tracker.sender_id, kind, identity)
    if row is None:  # staff have settled it meanwhile
        row = make_request(session, tracker.sender_id, kind, now(), identity=identity)
    names, values, choices = _placed(session, identity, row)
    say(dispatcher, *before, *names, values=values, choices=choices, private=True)
    return []


def _placed(session: Session, identity: IdentitySession, row: CareRequest) -> Said:
    """What is said once it is known who asks: which appointment, or what is passed on."""
    row, coming = place_request(session, row, identity, now())
    if coming:
        return ["utter_which_appointment"], {}, _choices(session, row, coming)
    if row.appointment is None:
        return ["utter_request_no_appointment"], {}, []
    return _noted(session, identity, row)


def _noted(session: Session, identity: IdentitySession, row: CareRequest) -> Said:
    starts_at = row.appointment.starts_at
    names = [(NOTED if starts_at else NOTED_UNDATED)[row.kind]]
    values: dict[str, Any] = {"appointment": row.appointment.id}
    if starts_at:
        values["starts_at"] = starts_at.isoformat()
    if row.kind in CHANGES and is_very_soon(starts_at, now()):
        names.append("utter_call_today")
        values["phone"] = hospital_phone(session, identity, row.appointment)
    if row.kind != "another_day":
        return names, values, []
    question = question_of(row.wishes)
    return [*names, *question[0]], values, question[1]


def _take_back(
    session: Session, identity: IdentitySession, dispatcher: CollectingDispatcher, tracker: Tracker
) -> Events:
    """ "I can come after all": what was asked about the appointment is taken back."""
    wanted = entity_of(tracker, "appointment") or ""
    own = [row.appointment_id for row in queries.open_requests_of(session, identity)]
    taken = take_back(session, identity, wanted, CHANGES, now()) if wanted in own else 0
    say(dispatcher, "utter_request_taken_back" if taken else "utter_request_none_open")
    return []


def _choices(session: Session, row: CareRequest, coming: list[Appointment]) -> list[dict[str, Any]]:
    """A quick reply for each appointment; on a channel that tells little by its date alone."""
    intent = next(intent for intent, kind in KINDS.items() if kind == row.kind)
    told = level_of(session, row.conversation_id) == "all"
    return [_choice(one, intent, told) for one in coming]


def _choice(appointment: Appointment, intent: str, told: bool) -> dict[str, Any]:
    name = appointment.provider.name if appointment.provider and told else None
    values = {"provider": shown(name, "@term_the_hospital")}
    response = "button_appointment_undated"
    if appointment.starts_at:
        values["starts_at"] = appointment.starts_at.isoformat()
        response = "button_appointment" if told else "button_appointment_unnamed"
    payload = f'/{intent}{{"appointment":"{appointment.id}"}}'
    return {"response": response, "values": values, "payload": payload}


class ConfirmAppointment(AppointmentRequest, Action):
    """I'll come."""

    intent = "confirm_appointment"


class CancelAppointment(AppointmentRequest, Action):
    """I can't come."""

    intent = "cancel_appointment"


class RescheduleAppointment(AppointmentRequest, Action):
    """Another day, please."""

    intent = "reschedule_appointment"
