"""What the trained model understands of sentences kept apart from training.

`tests/nlu/independent` was written by another author, who had not seen the training data. The
floors are those of the project's aims, not today's figures; those stand in docs/adr.
"""

from pathlib import Path

import pytest

from bot.language.identify import words_of
from bot.processes.evaluation import (
    Pipeline,
    Understood,
    measure_safety,
    measure_utterances,
    read_sentences,
)
from bot.processes.training import model_path

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "independent"
LANGUAGES = ("ar", "bn", "en", "es", "pl")
ANOTHER_LANGUAGE = "change_language"
"""Its sentences are often in the other language on purpose."""


@pytest.fixture(scope="module")
def pipeline(trained_models: Path) -> Pipeline:
    return Pipeline(trained_models / model_path().name)


@pytest.fixture(scope="module")
def utterances(pipeline: Pipeline) -> dict[str, list[Understood]]:
    sentences = read_sentences(FOLDER)
    return {language: pipeline.understand(rows) for language, rows in sentences.items()}


@pytest.fixture(scope="module")
def safety(pipeline: Pipeline) -> dict[str, list[Understood]]:
    sentences = read_sentences(FOLDER, "safety_")
    return {language: pipeline.understand(rows) for language, rows in sentences.items()}


def test_intents_are_understood_in_every_language(utterances: dict[str, list[Understood]]) -> None:
    assert tuple(utterances) == LANGUAGES
    scores = {code: measure_utterances(rows, code)["macro_f1"] for code, rows in utterances.items()}
    assert sum(scores.values()) / len(scores) >= 0.88, scores
    assert min(scores.values()) >= 0.80, scores


def test_first_messages_of_four_words_are_answered_in_their_language(
    utterances: dict[str, list[Understood]],
) -> None:
    right = [
        row.language == language
        for language, rows in utterances.items()
        for row in rows
        if len(words_of(row.text).split()) >= 4 and row.expected != ANOTHER_LANGUAGE
    ]
    assert sum(right) / len(right) >= 0.97


def test_red_flags_are_found_and_seldom_raised_in_vain(safety: dict[str, list[Understood]]) -> None:
    measured = [measure_safety(rows) for rows in safety.values()]
    assert min(row["recall"] for row in measured) >= 0.90
    assert sum(row["recall"] for row in measured) / len(measured) >= 0.95
    assert sum(row["false_alarm_rate"] for row in measured) / len(measured) <= 0.08


def test_ordinary_messages_seldom_get_a_card(utterances: dict[str, list[Understood]]) -> None:
    ordinary = [
        row for rows in utterances.values() for row in rows if row.expected != "report_emergency"
    ]
    assert sum(row.outcome == "card" for row in ordinary) / len(ordinary) <= 0.03
