"""Updates: tell me when something happens, and stop.

Asking for them needs a verified patient, as a question about the record does; stopping needs
nothing. What they tell is decided in `bot.services.updates`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.for_whom import not_for_anybody
from actions.turn import IDENTITY_FORM, in_form, now, say
from bot.pathway.next_step import NextStep
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.services.identity import current_identity
from bot.services.site_days import local_day
from bot.services.updates import end_subscription, running_subscription, subscribe
from bot.services.updates.subscribing import has_stopped

Events = list[dict[str, Any]]
SUBSCRIBE = "subscribe_updates"
OFFER = {"response": "button_updates", "values": {}, "payload": f"/{SUBSCRIBE}"}


class SubscribeUpdates(Action):
    """Tell me when something happens."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_subscribe_updates"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Begin, or say that they are on already; first verify who it is."""
        with transaction() as session:
            identity = current_identity(session, tracker.sender_id, now())
            running = running_subscription(session, tracker.sender_id)
            if running is not None:
                since = local_day(running.started_at).isoformat()
                say(dispatcher, "utter_updates_are_on", values={"since": since})
                return []
            if identity is not None:
                turn_on(session, identity, dispatcher)
                return []
            if not_for_anybody(session, dispatcher, tracker, now()):
                return [SlotSet("pending_question", SUBSCRIBE)]
        asked = [SlotSet("pending_question", SUBSCRIBE)]
        if in_form(tracker):
            say(dispatcher, "utter_question_kept")
            return asked
        return [*asked, FollowupAction(IDENTITY_FORM)]


def turn_on(
    session: Session, identity: IdentitySession, dispatcher: CollectingDispatcher, *before: str
) -> None:
    """Begin, and say what is told, where, and how to stop; `before`: paragraphs in front."""
    subscribe(session, identity, now())
    say(dispatcher, *before, "utter_updates_started")


class UnsubscribeUpdates(Action):
    """No more messages."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_unsubscribe_updates"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Stop at once, whoever asks: it tells nothing."""
        with transaction() as session:
            ended = end_subscription(session, tracker.sender_id, now(), "stopped")
        say(dispatcher, "utter_updates_off" if ended else "utter_updates_were_off")
        return []


def offer(
    session: Session, conversation_id: str, question: str, step: NextStep | None = None
) -> list[dict[str, Any]]:
    """The quick reply under an answer to "where is my referral?": not where it is on or was
    stopped, and not where the patient should call today and nothing else.

    Args:
        step: None: no referral is seen.
    """
    if question != "ask_referral_status":
        return []
    wanted = running_subscription(session, conversation_id) or has_stopped(session, conversation_id)
    calls_first = step is not None and (step.call_today or (step.urgent and step.overdue))
    return [] if wanted or calls_first else [OFFER]
