"""Questions about the patient's own referral.

Each needs a verified patient; without one the question is kept and the identity form asked. With
several referrals the patient is asked which one, once.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.appointment_choices import CALENDAR, choices_under, say_calendar
from actions.for_whom import ABOUT_APPOINTMENTS, EVERYTHING, not_for_anybody, say_beyond_scope
from actions.interface_issues import note_issue
from actions.turn import IDENTITY_FORM, entity_of, in_form, now, say, say_lines
from actions.updates import offer
from bot.errors import NotFound
from bot.pathway.limits import working_day
from bot.pathway.telling import Level
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.records.models import Referral
from bot.records.session import transaction
from bot.services.carers.choosing import person_of
from bot.services.explain_referral import (
    DIRECTIONS,
    explain_lone_appointment,
    explain_referral,
)
from bot.services.handoffs import open_handoff
from bot.services.identity import current_identity
from bot.services.referral_names import referral_name
from bot.services.telling_level import level_of

Events = list[dict[str, Any]]
ANY = "any"
NO_CONTACT = "no_contact"
GENERAL = {
    "ask_who_to_contact": "utter_contact_general",
    "ask_test_results": "utter_results_general",
    "ask_choose_hospital": "utter_choice_general",
    "report_no_contact": "utter_no_contact_noted",
}
"""What can be said without the record is said before the patient is verified."""


class RecordQuestion:
    """A question that is answered from the record. Subclasses name their intent."""

    intent: str

    def name(self) -> str:
        """The action's name in the domain."""
        return f"action_{self.intent}"

    def question(self, tracker: Tracker) -> str:
        """What is asked: the intent, unless a quick reply asks for a part of it."""
        return self.intent

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Answer, ask which referral, or keep the question and verify first."""
        with transaction() as session:
            identity = current_identity(session, tracker.sender_id, now())
            if identity is not None:
                question = self.question(tracker)
                return answer_question(session, identity, dispatcher, tracker, question)
            if self.intent == "report_no_contact":
                note_issue(session, tracker, NO_CONTACT)
            if not_for_anybody(session, dispatcher, tracker, now()):
                return [SlotSet("pending_question", self.intent)]
        general = GENERAL.get(self.intent)
        asked = [SlotSet("pending_question", self.question(tracker))]
        if in_form(tracker):
            say(dispatcher, *([general] if general else []), "utter_question_kept")
            return asked
        if general:
            say(dispatcher, general)
        return [*asked, FollowupAction(IDENTITY_FORM)]


def answer_question(
    session: Session,
    identity: IdentitySession,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    question: str,
    *before: str,
) -> Events:
    """Answer a question of a verified patient; `before`: paragraphs in front of the answer."""
    person = person_of(session, identity)
    narrow = person is not None and person.scope != EVERYTHING
    if person is not None and narrow and question not in ABOUT_APPOINTMENTS:
        if question == "report_no_contact":
            note_issue(session, tracker, NO_CONTACT)
        say_beyond_scope(dispatcher, person, GENERAL.get(question))
        return []
    which = queries.appointment_referrals_of if narrow else queries.referrals_of
    referrals = which(session, identity)
    alone = None if referrals else explain_lone_appointment(session, identity, question, now())
    if alone is not None:
        under = choices_under(session, identity, None, question)
        under += offer(session, tracker.sender_id, question, alone[1])
        say_lines(dispatcher, alone[0], *before, choices=under)
        return []
    if not referrals:
        say(
            dispatcher,
            *before,
            "utter_carer_no_appointment" if narrow else "utter_no_referral",
            values={"chase_on": _when_nothing_is_seen()},
            choices=offer(session, tracker.sender_id, question),
            private=True,
        )
        return []
    referral = _chosen(session, identity, referrals, tracker)
    if referral is None:
        level = level_of(session, tracker.sender_id)
        choices = [_choice(item, n, question, level) for n, item in enumerate(referrals, 1)]
        say(dispatcher, *before, "utter_which_referral", choices=choices, private=True)
        return [SlotSet("referral", None)]
    lines, step = explain_referral(session, identity, referral, question, now())
    if step.same_day_task:
        open_handoff(
            session,
            tracker.sender_id,
            "task",
            "overdue_referral",
            now(),
            referral_id=referral.id,
            priority=1,
        )
    if question == "report_no_contact":
        note_issue(session, tracker, NO_CONTACT, referral.id)
    opening = ["utter_no_contact_noted"] if question == "report_no_contact" else []
    after = ["utter_other_referral"] if len(referrals) > 1 else []
    under = choices_under(session, identity, referral, question)
    under += offer(session, tracker.sender_id, question, step)
    say_lines(dispatcher, lines, *before, *opening, after=after, choices=under)
    return [SlotSet("referral", referral.id)]


def _chosen(
    session: Session, identity: IdentitySession, referrals: list[Referral], tracker: Tracker
) -> Referral | None:
    """The referral that is meant; None when it must be asked."""
    if len(referrals) == 1:
        return referrals[0]
    wanted = tracker.get_slot("referral")
    if not wanted or wanted == ANY:
        return None
    try:
        return queries.referral_of(session, identity, wanted)
    except NotFound:
        return None


def _choice(referral: Referral, number: int, question: str, level: Level) -> dict[str, Any]:
    """A quick reply that names a referral by hospital, specialty and month; on a channel that
    tells little by its place in the list and month."""
    response, values = referral_name(referral, number, level)
    payload = f'/{question}{{"referral":"{referral.id}"}}'
    if question == DIRECTIONS:
        payload = f'/ask_appointment{{"referral":"{referral.id}","wish":"{DIRECTIONS}"}}'
    return {"response": response, "values": values, "payload": payload}


def _when_nothing_is_seen() -> str:
    """The day by which to ask the GP practice when no referral is seen: the next working day."""
    return working_day(now().date()).isoformat()


class AskReferralStatus(RecordQuestion, Action):
    """Where is my referral?"""

    intent = "ask_referral_status"


class AskNextSteps(RecordQuestion, Action):
    """What happens next?"""

    intent = "ask_next_steps"


class AskWaitingTime(RecordQuestion, Action):
    """How long is the wait?"""

    intent = "ask_waiting_time"


class AskAppointment(RecordQuestion, Action):
    """When, where and how is my appointment? Also: how to get there, and its calendar file."""

    intent = "ask_appointment"

    def question(self, tracker: Tracker) -> str:
        """How to get there is a question of its own."""
        return DIRECTIONS if entity_of(tracker, "wish") == DIRECTIONS else self.intent

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """The calendar file when it is asked for, else an answer as to any question."""
        if entity_of(tracker, "wish") == CALENDAR:
            with transaction() as session:
                identity = current_identity(session, tracker.sender_id, now())
                if identity is not None:
                    say_calendar(session, identity, dispatcher, entity_of(tracker, "appointment"))
                    return []
        return super().run(dispatcher, tracker, domain)


class AskTestResults(RecordQuestion, Action):
    """Are my results there?"""

    intent = "ask_test_results"


class AskWhoToContact(RecordQuestion, Action):
    """Whom do I call?"""

    intent = "ask_who_to_contact"


class AskChooseHospital(RecordQuestion, Action):
    """May I choose another hospital?"""

    intent = "ask_choose_hospital"


class ReportNoContact(RecordQuestion, Action):
    """Nobody has called or written: a note for staff, and where the referral is."""

    intent = "report_no_contact"
