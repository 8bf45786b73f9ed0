"""The gate: one policy for safety and for hand-off, in this order.

Priority above RulePolicy. It looks at the newest message only, through the raw events. When the
message is a red flag the card is its first and only answer; a running form waits. While a
coordinator has the conversation, every other message is met with silence. Why a policy, and what
it takes: docs/adr/0002-the-gate.md.
"""

from __future__ import annotations

from typing import Any

from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.trackers import slot_of

GATE_PRIORITY = 100
ASK = "utter_ask_emergency"
AFTER_CARD = {
    "have_help": "utter_emergency_have_help",
    "not_yet": "utter_emergency_not_yet",
    "mistake": "utter_emergency_mistake",
}
"""The buttons under a card: value of entity `emergency` → answer."""
SETTLED = ("utter_emergency_have_help", "utter_emergency_mistake")
WITH_COORDINATOR = "with_coordinator"
"""Slot, and key of the message's metadata: the door asked the hand-off's row for it."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class Gate(Policy):
    """Answers red flags before anything else, once a message, also inside a form; else is silent
    while a coordinator has the chat."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Its priority must be above RulePolicy's (6)."""
        return {"priority": GATE_PRIORITY}

    @staticmethod
    def supported_data() -> Any:
        """No training data: it learns nothing."""
        from rasa.core.policies.policy import SupportedData

        return SupportedData.ML_DATA

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        featurizer: TrackerFeaturizer | None = None,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, featurizer)

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Nothing to learn."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """The card for a red flag, silence with a coordinator; else no opinion."""
        message, actions = _since_last_message(tracker.applied_events())
        silent = is_silent(message, tracker)
        events = _reconciled(tracker, message, silent)
        answer = answer_for(message) or (_doubt(message) if silent else None)
        if answer is None and not silent:
            return self._predict(self._default_predictions(domain), events)
        if answer is not None and not actions:
            return self._choose(answer, domain, events)
        # A form goes on after a tap that settles it, or with the next ordinary message.
        settled = not silent and bool(actions) and actions[-1] == answer and answer in SETTLED
        form = tracker.active_loop_name if settled else None
        return self._choose(form or ACTION_LISTEN_NAME, domain, events)

    def _choose(self, action: str, domain: Domain, events: list[Event]) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._predict(probabilities, events, is_no_user_prediction=True, hide_rule_turn=True)

    def _predict(
        self, probabilities: list[float], events: list[Event], **how: bool
    ) -> PolicyPrediction:
        name = self.__class__.__name__
        return PolicyPrediction(probabilities, name, self.priority, events=events, **how)


def is_silent(message: UserUttered | None, tracker: DialogueStateTracker) -> bool:
    """Whether a coordinator has the conversation: the message knows, else the slot does."""
    known = (message.metadata or {}).get(WITH_COORDINATOR) if message else None
    return bool(slot_of(tracker, WITH_COORDINATOR) if known is None else known)


def _doubt(message: UserUttered | None) -> str | None:
    """The question whether it happens now, which else stands in front of the bot's answer."""
    return ASK if message and (message.parse_data or {}).get("red_flag") else None


def _reconciled(
    tracker: DialogueStateTracker, message: UserUttered | None, silent: bool
) -> list[Event]:
    """What makes the tracker agree with the hand-off: the slot; and in silence no form is left
    running, and a language that was picked counts, since no action runs that would set it."""
    events: list[Event] = []
    if bool(slot_of(tracker, WITH_COORDINATOR)) != silent:
        events.append(SlotSet(WITH_COORDINATOR, silent))
    if not silent or message is None:
        return events
    if tracker.active_loop_name:
        events += [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
    picked = next((e["value"] for e in message.entities if e["entity"] == "language"), None)
    chosen = message.intent.get("name") == "change_language" and picked
    if chosen and not tracker.get_slot("language_chosen"):
        events.append(SlotSet("language_chosen", True))
    return events


def answer_for(message: UserUttered | None) -> str | None:
    """The safety response that a message must have; None: no red flag."""
    if message is None:
        return None
    tapped = next((e["value"] for e in message.entities if e["entity"] == "emergency"), None)
    if tapped in AFTER_CARD:
        return AFTER_CARD[tapped]
    return safety_answer((message.parse_data or {}).get("red_flag"), message.intent.get("name"))


def safety_answer(flag: dict[str, str] | None, intent: str | None) -> str | None:
    """Card or question that red flag and intent call for together; None: neither.

    An ordinary intent with a flag that only asks gets its own answer, with the question in front
    of it (`bot.answers`).
    """
    if flag and flag.get("outcome") == "card":
        return f"utter_card_{flag['card']}"
    if intent == "report_emergency":
        return ASK if flag else "utter_card_emergency"
    return None


def outcome(flag: dict[str, str] | None, intent: str | None) -> str:
    """ "card", "ask" or "nothing": what a message gets, for `waymark evaluate`."""
    answer = safety_answer(flag, intent)
    if answer is not None:
        return "ask" if answer == ASK else "card"
    return "ask" if flag else "nothing"


def _since_last_message(events: list[Event]) -> tuple[UserUttered | None, list[str]]:
    """The newest user message and the actions run since."""
    actions: list[str] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            return event, actions[::-1]
        if isinstance(event, ActionExecuted):
            actions.append(str(event.action_name))
    return None, []
