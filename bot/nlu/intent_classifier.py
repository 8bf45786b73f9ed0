"""The intent classifier (NLU graph): a linear machine on sentence vectors, letters and words.

Why this machine on these features: docs/adr/0003-intent-classifier.md.
"""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.features import SentenceFeatures
from bot.nlu.language_identifier import LANGUAGE
from bot.nlu.margins import MarginClassifier
from bot.nlu.sentence_encoder import VECTOR

CHANGE_LANGUAGE = "change_language"
"""What somebody needs first who writes in a script that we do not know."""
INTENT_RANKING = "intent_ranking"
RANKING_LENGTH = 10
MODEL_FILE = "intents.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent):
    """Sets `intent` and `intent_ranking`. A text without words has no intent: fallback's work."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """c: inverse regularisation; left_out: the share that the temperature is fitted on."""
        return {"c": 1.0, "left_out": 0.15}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config, self._storage, self._resource = config, storage, resource
        self._features: SentenceFeatures | None = None
        self._machine: MarginClassifier | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
        """Built by Rasa's graph for training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentClassifier:
        """Built by Rasa's graph for answering."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._features, component._machine = joblib.load(folder / MODEL_FILE)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on the examples of all languages together."""
        examples = [m for m in training_data.intent_examples if m.get(VECTOR) is not None]
        texts = [message.get(TEXT) for message in examples]
        self._features = SentenceFeatures().fit(texts)
        vectors = np.stack([message.get(VECTOR) for message in examples])
        self._machine = MarginClassifier(self._config["c"], self._config["left_out"]).fit(
            self._features.transform(texts, vectors), [m.get(INTENT) for m in examples]
        )
        with self._storage.write_to(self._resource) as folder:
            joblib.dump((self._features, self._machine), folder / MODEL_FILE, compress=3)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Classify."""
        for message in messages:
            vector = message.get(VECTOR)
            if vector is None or not any(c.isalpha() for c in message.get(TEXT)):
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set(INTENT_RANKING, [], add_to_output=True)
                continue
            if (message.get(LANGUAGE) or {}).get("not_offered"):
                ranking = [{"name": CHANGE_LANGUAGE, "confidence": 1.0}]
            else:
                ranking = self._rank(vector, message.get(TEXT))
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking[:RANKING_LENGTH], add_to_output=True)
        return messages

    def _rank(self, vector: np.ndarray, text: str) -> list[dict[str, Any]]:
        assert self._machine and self._features
        features = self._features.transform([text], vector.reshape(1, -1))
        confidences = self._machine.probabilities(features)[0]
        names = self._machine.classes
        order = np.argsort(-confidences)
        return [{"name": names[i], "confidence": float(confidences[i])} for i in order]
