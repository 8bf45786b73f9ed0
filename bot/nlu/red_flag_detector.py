"""Red flags by model and by rule (NLU graph); the door's finding on the whole text joins them.

A linear machine on the sentence's features is trained on the intent examples, the lexicons'
exemplars and their hard negatives. Any detector is enough; where the words alone give a card and
the model is sure of the contrary, the patient is asked instead, as when a guard stands beside the
words: never silence. A phrase that only asks by itself is dropped then. Each sentence is weighed
by itself. The gate (`bot.policies.gate`) acts.
"""

from __future__ import annotations

import re
from dataclasses import replace
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

from bot.nlu.encoders import VectorCache, get_encoder, plain_text
from bot.nlu.features import SentenceFeatures
from bot.nlu.margins import MarginClassifier
from bot.nlu.sentence_encoder import VECTOR
from bot.pathway.lexicon import Lexicon, all_lexicons
from bot.pathway.red_flags import GROUPS, NO_RED_FLAG, Card, Outcome, RedFlag, combine, gravity
from bot.pathway.screening import screen, sentences_of

RED_FLAG = "red_flag"
EMERGENCY_INTENT = "report_emergency"
ORDINARY = "none"
MODEL_FILE = "red_flags.joblib"
CLAUSE_END = re.compile(r"[,،、，:–—]+")
MOST_SENTENCES = 20
"""Of a message of 2,000 characters; what lies beyond them the words still find."""
LEXICON_WEIGHT = 2.0
"""Of a lexicon's exemplar or hard negative beside an ordinary example."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RedFlagDetector(GraphComponent):
    """Sets the attribute `red_flag` {outcome, card, group} on messages that have one."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Probabilities from which a message gets a card, also where words ask already, or is asked
        whether it is happening, and below which the words' card becomes a question and their doubt
        is dropped. Figures: docs/adr/0017-red-flags.md."""
        return {
            "card_from": 0.7,
            "agreed_from": 0.5,
            "ask_from": 0.2,
            "doubt_below": 0.03,
            "c": 1.0,
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config, self._storage, self._resource = config, storage, resource
        self._features: SentenceFeatures | None = None
        self._model: MarginClassifier | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagDetector:
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
    ) -> RedFlagDetector:
        """Built by Rasa's graph for answering."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._features, component._model = joblib.load(folder / MODEL_FILE)
        all_lexicons()
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on examples, exemplars and hard negatives of all languages."""
        lexicons = all_lexicons()
        examples = [m for m in training_data.intent_examples if m.get(VECTOR) is not None]
        labels = [
            _card_of(m.get(TEXT), lexicons) if m.get(INTENT) == EMERGENCY_INTENT else ORDINARY
            for m in examples
        ]
        more = [
            (text, GROUPS[group][0].value)
            for lexicon in lexicons
            for group, texts in lexicon.exemplars.items()
            for text in texts
        ]
        more += [(t, ORDINARY) for lexicon in lexicons for t in lexicon.hard_negatives]
        texts = [message.get(TEXT) for message in examples] + [text for text, _ in more]
        vectors = [message.get(VECTOR) for message in examples]
        if more:
            plain = [plain_text(text) for text, _ in more]
            vectors += list(VectorCache(get_encoder()).encode(plain))
        self._features = SentenceFeatures().fit(texts)
        weights = [1.0] * len(examples) + [LEXICON_WEIGHT] * len(more)
        self._model = MarginClassifier(self._config["c"]).fit(
            self._features.transform(texts, np.stack(vectors)),
            labels + [label for _, label in more],
            weights,
        )
        with self._storage.write_to(self._resource) as folder:
            joblib.dump((self._features, self._model), folder / MODEL_FILE, compress=3)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Detect."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                continue
            at_the_door = from_dict((message.get("metadata") or {}).get(RED_FLAG))
            flag = self._detect(text, message.get(VECTOR), at_the_door)
            if flag.outcome is not Outcome.NOTHING:
                message.set(RED_FLAG, flag.as_dict(), add_to_output=True)
        return messages

    def _detect(self, text: str, vector: np.ndarray | None, at_the_door: RedFlag) -> RedFlag:
        """The gravest of what is said in each sentence and in the whole.

        A sentence is weighed by itself: an ordinary question beside it must not outweigh it.

        Args:
            at_the_door: what the lexicons found in the whole message, of which `text` may be a
                part; what is graver than all that is seen here stands as it is.
        """
        seen = screen(text, all_lexicons())
        if vector is None or self._model is None or self._features is None:
            return combine([seen, at_the_door])
        sentences = sentences_of(text)[:MOST_SENTENCES]
        parts = sentences if len(sentences) > 1 else []
        found = [self._weigh(part, self._encode(part)) for part in parts]
        screened = combine(screen(part, all_lexicons()) for part in parts)
        if parts:  # the whole may hold a phrase that runs over a sentence's end, or is very long
            _, whole = self._by_model(text, vector)
            found += [whole, *([seen] if gravity(seen) < gravity(screened) else [])]
        else:
            found.append(self._weigh(text, vector))
        if gravity(at_the_door) < gravity(seen):
            found.append(at_the_door)
        return combine(found)

    def _weigh(self, sentence: str, vector: np.ndarray) -> RedFlag:
        """Words and model together, for one sentence."""
        words = screen(sentence, all_lexicons())
        probability, by_model = self._by_model(sentence, vector)
        doubt = self._config["doubt_below"]
        if words.outcome is not Outcome.NOTHING and probability < doubt:
            likeliest = max(
                (
                    self._by_model(clause, self._encode(clause))[0]
                    for clause in CLAUSE_END.split(sentence)
                    if screen(clause, all_lexicons()).outcome is not Outcome.NOTHING
                ),
                default=probability,
            )
            if likeliest < doubt:
                words = NO_RED_FLAG if words.weak else replace(words, outcome=Outcome.ASK)
        if words.outcome is Outcome.ASK and probability >= self._config["agreed_from"]:
            words = replace(words, outcome=Outcome.CARD, weak=False)
        return combine([words, by_model])

    def _encode(self, text: str) -> np.ndarray:
        return np.asarray(get_encoder().encode([plain_text(text)])[0])

    def _by_model(self, text: str, vector: np.ndarray) -> tuple[float, RedFlag]:
        """How likely an emergency is, and what the model alone would do."""
        assert self._model and self._features
        features = self._features.transform([text], vector.reshape(1, -1))
        probabilities = self._model.probabilities(features)[0]
        by_class = dict(zip(self._model.classes, map(float, probabilities)))
        probability = 1.0 - by_class.pop(ORDINARY)
        if probability < self._config["ask_from"]:
            return probability, NO_RED_FLAG
        sure = probability >= self._config["card_from"]
        card = Card(max(by_class, key=lambda name: by_class[name]))
        return probability, RedFlag(Outcome.CARD if sure else Outcome.ASK, card, "model")


def from_dict(flag: dict[str, str] | None) -> RedFlag:
    """A red flag as it came through message metadata; None: nothing."""
    if not flag or "card" not in flag:
        return RedFlag(Outcome.NOTHING)
    weak = flag.get("weak") == "yes"
    return RedFlag(Outcome(flag["outcome"]), Card(flag["card"]), flag.get("group"), weak=weak)


def _card_of(text: str, lexicons: tuple[Lexicon, ...]) -> str:
    """Which card an emergency's sentence belongs to: the lexicon's, else 999."""
    flag = screen(text, lexicons)
    return (flag.card or Card.EMERGENCY).value
