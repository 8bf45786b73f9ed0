"""What staff must do: a person, a change of appointment, an interpreter, support, a complaint.

Each becomes a hand-off for staff, and the patient is told what happens and what doesn't.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.turn import now, say
from bot.records.session import transaction
from bot.services.handoffs import open_handoff

Events = list[dict[str, Any]]


class StaffRequest:
    """Opens a hand-off and says so. Subclasses name intent, kind, reason and response."""

    intent: str
    kind = "task"
    reason: str
    response: str

    def name(self) -> str:
        """The action's name in the domain."""
        return f"action_{self.intent}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Open the hand-off, then answer: what is said is true by then."""
        request(dispatcher, tracker, self.kind, self.reason, self.response)
        return []


def request(
    dispatcher: CollectingDispatcher, tracker: Tracker, kind: str, reason: str, response: str
) -> None:
    """Open one hand-off about the referral that is being talked of, and say so."""
    with transaction() as session:
        open_handoff(session, tracker.sender_id, kind, reason, now())
    say(dispatcher, response)


class RequestHuman(StaffRequest, Action):
    """A person, please."""

    intent, kind, reason = "request_human", "chat", "asked_for"
    response = "utter_human_requested"


class RescheduleAppointment(StaffRequest, Action):
    """Another day, please."""

    intent, reason, response = (
        "reschedule_appointment",
        "appointment_change",
        "utter_change_asked",
    )


class CancelAppointment(StaffRequest, Action):
    """I can't come."""

    intent, reason, response = "cancel_appointment", "appointment_change", "utter_change_asked"


class ConfirmAppointment(StaffRequest, Action):
    """I'll come."""

    intent, reason, response = "confirm_appointment", "appointment_change", "utter_confirm_noted"


class RequestInterpreter(StaffRequest, Action):
    """An interpreter or a sign language interpreter, please."""

    intent, reason, response = "request_interpreter", "interpreter", "utter_interpreter_noted"


class RequestAccessSupport(StaffRequest, Action):
    """Wheelchair, transport, large print, somebody to come along."""

    intent, reason, response = "request_access_support", "access_support", "utter_access_noted"


class ReportWorsening(StaffRequest, Action):
    """I am worse than when I was referred."""

    intent, reason, response = "report_worsening", "worsening", "utter_worsening"


class MakeComplaint(StaffRequest, Action):
    """I want to complain."""

    intent, reason, response = "make_complaint", "complaint", "utter_complaint"


class ActForSomeone(StaffRequest, Action):
    """I ask for my father."""

    intent, reason, response = "act_for_someone", "carer_access", "utter_act_for_someone"
