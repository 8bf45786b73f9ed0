"""The language of a message and of the answer (NLU graph).

langdetect limited to the offered languages, script rules, and letter groups learned from our own
examples (romanised text) are blended; `bot.language.identify.decide` makes it sticky with the
conversation that Rasa hands to `process`. The answer's language leaves as entity `language`,
which fills the slot of that name before any policy runs.
"""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.language import identify
from bot.language.catalogues import get_catalogues
from bot.language.names import named_language
from bot.nlu.margins import MarginClassifier
from bot.settings import get_settings

LANGUAGE = "language"
OFTEN_IN_ANOTHER = "change_language"
"""The intent whose examples are often written in the language that is asked for."""
MODEL_FILE = "languages.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageIdentifier(GraphComponent):
    """Sets the attribute `language` {detected, confidence, answer, switched_from} and an entity."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource
        self._letters: tuple[TfidfVectorizer, MarginClassifier] | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        """Built by Rasa's graph for training."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageIdentifier:
        """Built by Rasa's graph for answering; warms langdetect up (its first call takes 0.5 s)."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._letters = joblib.load(folder / MODEL_FILE)
        component._rank("warm up")
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn letter groups from the examples, whose metadata names their language."""
        texts, languages = [], []
        for message in training_data.intent_examples:
            metadata = (message.get("metadata") or {}).get("intent") or {}
            words = identify.words_of(message.get(TEXT) or "")
            known = words and metadata.get(LANGUAGE)
            if known and message.get(INTENT) != OFTEN_IN_ANOTHER:
                texts.append(words.casefold())
                languages.append(metadata[LANGUAGE])
        groups = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 4), min_df=2, sublinear_tf=True, dtype=np.float32
        )
        self._letters = groups, MarginClassifier(c=1.0).fit(groups.fit_transform(texts), languages)
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._letters, folder / MODEL_FILE, compress=3)
        return self._resource

    def process(
        self, messages: list[Message], tracker: DialogueStateTracker | None = None
    ) -> list[Message]:
        """Identify and decide."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                continue
            self._process(message, text, tracker)
        return messages

    def _process(self, message: Message, text: str, tracker: DialogueStateTracker | None) -> None:
        named_person = tracker is not None and tracker.get_slot(REQUESTED_SLOT) == "family_name"
        words = "" if named_person else identify.words_of(text)
        unknown = bool(words) and identify.in_no_offered_script(words, get_catalogues().offered())
        ranking = self._rank(words) if words and not unknown else {}
        best = max(ranking, key=lambda language: ranking[language], default=None)
        settings = get_settings()
        hint = (message.get("metadata") or {}).get("language_hint")
        offered = get_catalogues().offered()
        decision = identify.decide(
            ranking,
            len(words.split()),
            current=tracker.get_slot(LANGUAGE) if tracker else None,
            chosen=bool(tracker and tracker.get_slot("language_chosen")),
            previous=_previous(tracker),
            hint=hint if hint in offered else None,
            default=settings.default_language,
        )
        found: dict[str, Any] = {"answer": decision.language}
        if best:
            found |= {"detected": best, "confidence": round(ranking[best], 3)}
        if unknown:
            found["not_offered"] = True
        if decision.switched_from:
            found["switched_from"] = decision.switched_from
        named = named_language(text, tuple(offered))
        if named:
            found["named"] = named
        message.set(LANGUAGE, found, add_to_output=True)
        entity = {"entity": LANGUAGE, "value": decision.language, "start": 0, "end": len(text)}
        entity["extractor"] = "LanguageIdentifier"
        message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)

    def _rank(self, words: str) -> dict[str, float]:
        offered = get_catalogues().offered()
        certain = identify.rank_by_script(words, offered)
        if certain:
            return certain
        learned: dict[str, float] = {}
        if self._letters is not None:
            groups, machine = self._letters
            probabilities = machine.probabilities(groups.transform([words.casefold()]))[0]
            pairs = zip(machine.classes, probabilities)
            learned = {name: float(p) for name, p in pairs if name in offered}
        blended = identify.blend(learned, identify.rank_by_langdetect(words, offered))
        return identify.in_script(blended, words)


def _previous(tracker: DialogueStateTracker | None) -> str | None:
    """What the message before was confidently written in, if it was not the answer's language."""
    if tracker is None or tracker.latest_message is None:
        return None
    before = (tracker.latest_message.parse_data or {}).get(LANGUAGE) or {}
    sure = before.get("confidence", 0) >= identify.CONFIDENT
    return before.get("detected") if sure else None
