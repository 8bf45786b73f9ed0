"""Dense sentence vectors for the classifier and the red-flag detector (NLU graph)."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoders import VectorCache, get_encoder, plain_text

VECTOR = "sentence_vector"
"""The message attribute: a numpy array of shape (dimensions,), length 1."""

REPEATED_TEXTS = 2000
LOG_EVERY = 1024


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(GraphComponent):
    """Sets `sentence_vector` on each message that has text and is no button payload."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Built by Rasa's graph."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Encode all examples, from the cache where they are known."""
        messages = [m for m in training_data.training_examples if m.get(TEXT)]
        if messages:
            texts = [plain_text(message.get(TEXT)) for message in messages]
            vectors = VectorCache(get_encoder()).encode(texts, progress=_say)
            for message, vector in zip(messages, vectors):
                message.set(VECTOR, vector)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Encode what a patient wrote; repeated texts come from memory."""
        for message in messages:
            text = plain_text(message.get(TEXT) or "")
            if text and not text.startswith("/"):
                message.set(VECTOR, self._encode(text))
        return messages

    def _encode(self, text: str) -> np.ndarray:
        vector = self._recent.pop(text, None)
        if vector is None:
            vector = get_encoder().encode([text])[0]
        self._recent[text] = vector
        while len(self._recent) > REPEATED_TEXTS:
            self._recent.popitem(last=False)
        return vector


def _say(done: int, total: int) -> None:
    """Progress: in place at a terminal, now and then in a log."""
    if sys.stderr.isatty():
        print(f"\r  encoding sentences: {done} of {total}", end="", file=sys.stderr, flush=True)
        if done == total:
            print(file=sys.stderr)
    elif done % LOG_EVERY == 0 or done == total:
        print(f"  encoding sentences: {done} of {total}", file=sys.stderr, flush=True)
