"""While a wish is being asked, what the patient types is the answer, word for word.

Between the gate and RulePolicy. "Only Tuesdays, I pick up my kids" means nothing to an intent
classifier, which guesses anything; the words go to staff as they are. Safety and a coordinator's
chat come first (the gate), and so does another clear question. Why a policy and not a form:
docs/adr/0014-wishes-by-buttons-and-words.md.
"""

from __future__ import annotations

from typing import Any

from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

PRIORITY = 50
ACTION = "action_keep_words"
QUESTION_PREFIX = "utter_wish_"
ASK_EMERGENCY = "utter_ask_emergency"
CLEAR = 0.9
"""From this confidence on another question is clear: real ones reach 0.82 to 1.0, and wishes that
are taken for one stay below 0.6 but for one (34 typed answers in five languages, ADR 14)."""
ANSWERS_A_WISH = frozenset(
    {
        *("affirm", "deny", "greet", "inform", "out_of_scope", "nlu_fallback"),
        *("reschedule_appointment", "request_interpreter", "request_access_support"),
    }
)
"""Never another question, however sure the classifier is."""
LANGUAGE_ASKED = "utter_wish_language"
"""After these questions the name of a language is no wish to change the chat's."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class WishWords(Policy):
    """Keeps what is typed as an answer to the wish that was asked for just before."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Its priority must lie between the gate's (100) and RulePolicy's (6)."""
        return {"priority": PRIORITY}

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
        """Keep the words, then listen; else no opinion."""
        message, actions, asked = turn_of(tracker.applied_events())
        probabilities = self._default_predictions(domain)
        if message is None or tracker.active_loop_name or not is_answer(message, asked):
            return self._prediction(probabilities)
        action = ACTION_LISTEN_NAME if ACTION in actions else ACTION
        probabilities[domain.index_for_action(action)] = 1.0
        return PolicyPrediction(
            probabilities,
            self.__class__.__name__,
            self.priority,
            is_no_user_prediction=True,
            hide_rule_turn=True,
        )


def is_answer(message: UserUttered, asked: list[str]) -> bool:
    """Whether a message answers the wish that was asked for in the answer before it.

    Args:
        asked: the responses of the answers between the message before and this one.
    """
    text = message.text or ""
    if not any(name.startswith(QUESTION_PREFIX) for name in asked) or text.startswith("/"):
        return False
    intent = message.intent or {}
    name, confidence = intent.get("name"), intent.get("confidence") or 0.0
    if name in ("affirm", "deny") and ASK_EMERGENCY in asked:
        return False  # it answers "Is this happening now?"
    if name == "change_language" and any(one.startswith(LANGUAGE_ASKED) for one in asked):
        return True
    return name in ANSWERS_A_WISH or name is None or confidence < CLEAR


def turn_of(events: list[Event]) -> tuple[UserUttered | None, list[str], list[str]]:
    """The newest message, the actions since, and the responses said between it and the message
    before it."""
    message: UserUttered | None = None
    actions: list[str] = []
    asked: list[str] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            if message is not None:
                break
            message = event
        elif message is None and isinstance(event, ActionExecuted):
            actions.append(str(event.action_name))
        elif message is not None and isinstance(event, BotUttered):
            made = (event.metadata or {}).get("answer") or {}
            asked += made.get("responses") or []
    return message, actions, asked
