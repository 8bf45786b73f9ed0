"""What stands out in an evaluation: which intents are confused, the worst sentences, a chart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from bot.processes.evaluation import NOT_UNDERSTOOD, Evaluation, Understood, reliability

CHART_INCHES = (11, 4.5)


def confusions(found: list[Understood]) -> list[tuple[str, str, int]]:
    """(expected, understood, how often), the most frequent first; asking back counts too."""
    pairs = Counter((row.expected, row.intent) for row in found if row.expected != row.intent)
    return [(expected, got, count) for (expected, got), count in pairs.most_common()]


def worst(found: list[Understood]) -> list[Understood]:
    """Sentences answered wrongly, the most confident first: asking back harms less."""
    wrong = [row for row in found if row.intent not in (row.expected, NOT_UNDERSTOOD)]
    return sorted(wrong, key=lambda row: -row.confidence)


def plot(evaluation: Evaluation, path: Path) -> None:
    """An SVG: macro-F1 by language, and the reliability curve of the confidence."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "waymark"  # the same figures give the same file
    import matplotlib.pyplot as plt

    figure, (bars, curve) = plt.subplots(1, 2, figsize=CHART_INCHES)
    _bars(bars, evaluation.report["languages"])
    _curve(curve, evaluation.found)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _bars(axes: Any, languages: dict[str, dict[str, float]]) -> None:
    measured = {code: row["macro_f1"] for code, row in languages.items() if "macro_f1" in row}
    axes.bar(list(measured), list(measured.values()), color="#005eb8")
    axes.set_ylim(0, 1)
    axes.set_title("Intents: macro-F1 by language")
    axes.tick_params(axis="x", labelrotation=90)


def _curve(axes: Any, found: list[Understood]) -> None:
    parts = reliability(found)
    axes.plot([0, 1], [0, 1], color="#768692", linestyle="--", label="perfectly calibrated")
    axes.plot(
        [part.confidence for part in parts],
        [part.right for part in parts],
        marker="o",
        color="#005eb8",
        label="measured",
    )
    for part in parts:
        where = (part.confidence, part.right)
        axes.annotate(str(part.count), where, textcoords="offset points", xytext=(4, -12))
    axes.set_xlabel("confidence (with the number of sentences)")
    axes.set_ylabel("share that is right")
    axes.set_title("Reliability of the confidence")
    axes.legend(loc="upper left")
