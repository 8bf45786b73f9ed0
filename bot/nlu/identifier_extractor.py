"""Identifiers as entities (NLU graph).

The door has replaced what the patient typed by tokens such as `[nhs-number#k3f9]`; the entity's
value is the token. Training examples and evaluation sentences are masked here the same way, so
that the classifier learns what it will see.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.language.identifiers import TOKEN, mask


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent):
    """Entities `nhs_number`, `date_of_birth`, `code`, … whose values are sealed tokens."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IdentifierExtractor:
        """Built by Rasa's graph."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Mask identifiers in the examples."""
        for message in training_data.training_examples:
            if message.get(TEXT):
                message.set(TEXT, mask(message.get(TEXT), date.today()))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Mask what is not sealed yet (evaluation), and set the entities."""
        for message in messages:
            text = message.get(TEXT) or ""
            if not text or text.startswith("/"):
                continue
            text = mask(text, date.today())
            message.set(TEXT, text)
            found = [
                {
                    "entity": token[1].replace("-", "_"),
                    "start": token.start(),
                    "end": token.end(),
                    "value": token[0],
                    "extractor": "IdentifierExtractor",
                }
                for token in TOKEN.finditer(text)
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
