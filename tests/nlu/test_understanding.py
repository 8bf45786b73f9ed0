"""What the trained model understands of sentences kept apart from training, in 20 languages.

`tests/nlu/held_out` was written by other authors, who had not seen the training data; no sentence
of it is trained on. The floors are the project's aims, not today's figures; those stand in
docs/adr. `independent`, `utterances` and `safety` are the older sets on which the method and the
thresholds were chosen.
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

FOLDER = Path(__file__).parent / "held_out"
ANOTHER_LANGUAGE = "change_language"
"""Its sentences are often in the other language on purpose."""
LARGEST_MODEL_BYTES = 30 * 1024**2


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
    assert len(utterances) == 20
    scores = {code: measure_utterances(rows, code)["macro_f1"] for code, rows in utterances.items()}
    assert sum(scores.values()) / len(scores) >= 0.90, scores
    assert min(scores.values()) >= 0.83, scores


def test_confidence_means_something(utterances: dict[str, list[Understood]]) -> None:
    found = [row for rows in utterances.values() for row in rows]
    measured = measure_utterances(found, "")
    assert measured["calibration_error"] <= 0.10
    assert measured["right_of_answered"] >= 0.90


def test_first_messages_are_answered_in_their_language(
    utterances: dict[str, list[Understood]],
) -> None:
    rows = [
        (language, row)
        for language, found in utterances.items()
        for row in found
        if words_of(row.text) and row.expected != ANOTHER_LANGUAGE
    ]
    right = [row.language == language for language, row in rows]
    short = [
        row.language == language for language, row in rows if len(words_of(row.text).split()) <= 3
    ]
    assert sum(right) / len(right) >= 0.97
    assert sum(short) / len(short) >= 0.92


def test_red_flags_are_found_and_seldom_raised_in_vain(safety: dict[str, list[Understood]]) -> None:
    measured = {code: measure_safety(rows) for code, rows in safety.items()}
    every = measure_safety([row for rows in safety.values() for row in rows])
    assert len(measured) == 20
    assert min(row["recall"] for row in measured.values()) >= 0.92, measured
    assert every["recall"] >= 0.98
    assert every["card_rate"] / every["recall"] >= 0.90
    assert every["false_alarm_rate"] <= 0.08
    assert every["asked_rate"] <= 0.25


@pytest.mark.parametrize(
    "text",
    [
        "where is my referral? also short of breath since this morning",
        "Has the hospital got my letter? She doesn't respond",
        "Dzień dobry, gdzie jest moje skierowanie? Mam duszność od rana",
        "where is my referral? my baby is not breathing",
        "I can't breathe. Where is my referral to the lung clinic?",
        "When is my appointment? I took all my tablets",
        "¿cuándo es mi cita? me duele el pecho mucho ahora",
        f"{'I would like to know when my appointment is. ' * 12} I want to kill myself.",
    ],
)
def test_an_ordinary_question_beside_it_does_not_outweigh_an_emergency(
    pipeline: Pipeline, text: str
) -> None:
    (found,) = pipeline.understand([("emergency", text)])
    assert found.outcome != "nothing"


@pytest.mark.parametrize(
    "text",
    ["purple bananas dance quickly", "tell me a joke about cats", "who won the match yesterday"],
)
def test_talk_of_other_things_gets_no_card(pipeline: Pipeline, text: str) -> None:
    (found,) = pipeline.understand([("not_emergency", text)])
    assert found.outcome != "card"


def test_ordinary_messages_hardly_ever_get_a_card(utterances: dict[str, list[Understood]]) -> None:
    ordinary = [
        row for rows in utterances.values() for row in rows if row.expected != "report_emergency"
    ]
    assert sum(row.outcome == "card" for row in ordinary) / len(ordinary) <= 0.01


def test_the_model_stays_small(trained_models: Path) -> None:
    assert (trained_models / model_path().name).stat().st_size <= LARGEST_MODEL_BYTES
