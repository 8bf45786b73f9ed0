"""What `waymark evaluate` makes of results: shares, calibration, confusions, a chart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.processes.evaluation import (
    Evaluation,
    Understood,
    calibration_error,
    measure_safety,
    measure_utterances,
    reliability,
)
from bot.processes.evaluation_report import confusions, plot, worst


def row(expected: str, best: str, confidence: float, *, text: str = "x", **more: str) -> Understood:
    intent = "nlu_fallback" if confidence < 0.25 else best
    fields = {"language": "pl", "outcome": "nothing"} | more
    return Understood(text, expected, intent, best, confidence, **fields)


FOUND = [
    row("greet", "greet", 0.9, text="dzień dobry"),
    row("greet", "thank", 0.8, text="no dobry"),
    row("thank", "thank", 0.95, text="bardzo dziękuję za pomoc wszystkim", language="en"),
    row("thank", "stop", 0.2, text="dzięki"),
]


def test_asking_back_is_no_answer_and_languages_of_short_messages_count_apart() -> None:
    measured = measure_utterances(FOUND, "pl")
    assert measured["answered"] == 0.75
    assert measured["right_of_answered"] == pytest.approx(2 / 3, abs=1e-4)
    assert (measured["language_accuracy"], measured["language_short"]) == (0.75, 1.0)
    assert measured["intent_accuracy"] == 0.5


def test_the_reliability_curve_holds_each_answer_once() -> None:
    curve = reliability(FOUND)
    assert [(part.count, part.right) for part in curve] == [(1, 0.0), (1, 0.0), (2, 1.0)]
    gaps = [0.2, 0.8, 2 * (1 - 0.925)]
    assert calibration_error(FOUND) == pytest.approx(sum(gaps) / 4, abs=1e-4)
    assert calibration_error([]) == 0.0


def test_confusions_come_by_frequency_and_the_worst_are_the_surest() -> None:
    found = [*FOUND, row("greet", "thank", 0.5)]
    assert confusions(found) == [("greet", "thank", 2), ("thank", "nlu_fallback", 1)]
    assert [each.confidence for each in worst(found)] == [0.8, 0.5]


def test_an_emergency_that_is_asked_about_counts_as_found() -> None:
    found = [
        row("emergency", "x", 1, outcome="ask"),
        row("emergency", "x", 1, outcome="nothing"),
        row("not_emergency", "x", 1, outcome="card"),
    ]
    measured = measure_safety(found)
    assert (measured["recall"], measured["card_rate"]) == (0.5, 0.0)
    assert measured["false_alarm_rate"] == 1.0


def test_the_chart_is_an_svg_and_the_same_for_the_same_figures(tmp_path: Path) -> None:
    report = {"languages": {"pl": {"macro_f1": 0.9}}, "mean": {}}
    for name in ("a.svg", "b.svg"):
        plot(Evaluation(report, FOUND, []), tmp_path / name)
    assert "<svg" in (tmp_path / "a.svg").read_text()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
