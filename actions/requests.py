"""What staff must do: a person, a complaint, somebody who is worse, acting for somebody.

Each becomes a hand-off for staff, and the patient is told what happens and what doesn't. What is
asked of an appointment is in `appointments` and `support`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.interface_issues import note_issue
from actions.turn import entity_of, last_message, now, say
from bot.pathway.interface_issues import KINDS
from bot.records import queries
from bot.records.session import transaction
from bot.services.handoffs import open_handoff, wait_of
from bot.services.identity import current_identity

Events = list[dict[str, Any]]
ASK_WHICH = "ask"
PERSON_REASONS = {
    "utter_offer_person": "not_understood",
    "utter_identity_failed": "identity_failed",
    "utter_identity_limit": "identity_failed",
    "utter_identity_no_code": "identity_failed",
    "utter_complaint": "complaint",
    "utter_worsening": "worsening",
}
"""After these answers a wish for a person has a reason of its own."""


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
        about = referral_talked_of(session, tracker)
        open_handoff(session, tracker.sender_id, kind, reason, now(), referral_id=about)
    say(dispatcher, response)


def ask_for_person(dispatcher: CollectingDispatcher, tracker: Tracker, reason: str) -> None:
    """Open a chat for staff, or find the one that waits, and say how long it will take."""
    with transaction() as session:
        about = referral_talked_of(session, tracker)
        handoff = open_handoff(session, tracker.sender_id, "chat", reason, now(), referral_id=about)
        if handoff.state == "claimed":
            name = handoff.claimed_by.first_name
            say(dispatcher, "utter_handoff_already", values={"name": name})
            return
        wait = wait_of(session, handoff, now())
    say(dispatcher, wait.response, values=wait.values)


def referral_talked_of(session: Session, tracker: Tracker) -> str | None:
    """The referral that the conversation is about; None: none, or not the verified patient's."""
    identity = current_identity(session, tracker.sender_id, now())
    own = [one.id for one in queries.referrals_of(session, identity)] if identity else []
    wanted = tracker.get_slot("referral")
    return wanted if wanted in own else None


class RequestHuman(Action):
    """A person, please."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_request_human"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Open the chat; why, is seen from what was offered before."""
        ask_for_person(dispatcher, tracker, reason_for_person(tracker))
        return []


def reason_for_person(tracker: Tracker) -> str:
    """Why a person is wanted: what the bot said last tells."""
    said = last_message(tracker)
    return next((PERSON_REASONS[name] for name in said if name in PERSON_REASONS), "asked_for")


class ReportWorsening(StaffRequest, Action):
    """I am worse than when I was referred."""

    intent, reason, response = "report_worsening", "worsening", "utter_worsening"


class MakeComplaint(StaffRequest, Action):
    """I want to complain; or, by quick replies, what went wrong between GP and hospital."""

    intent, reason, response = "make_complaint", "complaint", "utter_complaint"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Ask what went wrong, or write down what was picked; else it is a complaint."""
        kind = entity_of(tracker, "issue")
        if kind == ASK_WHICH:
            say(dispatcher, "utter_issue_which")
            return []
        if kind not in KINDS:
            return super().run(dispatcher, tracker, domain)
        with transaction() as session:
            note_issue(session, tracker, kind, referral_talked_of(session, tracker))
        say(dispatcher, "utter_issue_noted")
        return []
