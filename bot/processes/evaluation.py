"""Measures understanding on a site's own sentences, with exactly the running pipeline.

`waymark evaluate` prints what this returns; `bot.processes.evaluation_report` finds confusions and
draws the chart. Test sets: `<lang>.tsv` with `intent<TAB>text`, and
`safety_<lang>.tsv` with `emergency|not_emergency<TAB>text`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.channels.door import check
from bot.errors import UnreadableInput
from bot.language.identifiers import mask
from bot.language.identify import words_of
from bot.pathway.lexicon import all_lexicons
from bot.settings import get_settings

SAFETY_PREFIX = "safety_"
EMERGENCY, NOT_EMERGENCY = "emergency", "not_emergency"


SHORT_WORDS = 3
NOT_UNDERSTOOD = "nlu_fallback"


@dataclass(frozen=True)
class Understood:
    """What the pipeline made of one sentence.

    intent: what is acted on; `nlu_fallback` when it would ask back. best, confidence: the
    classifier's first choice, and how sure it is of it.
    """

    text: str
    expected: str
    intent: str
    best: str
    confidence: float
    language: str
    outcome: str


def read_sentences(folder: Path, prefix: str = "") -> dict[str, list[tuple[str, str]]]:
    """language → [(label, text)] from a folder's .tsv files.

    Raises:
        UnreadableInput: no such folder, no file in it, or a line without a tab.
    """
    if not folder.is_dir():
        raise UnreadableInput(f"{folder} is not a folder. Name one with <lang>.tsv files.")
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(folder.glob(f"{prefix}*.tsv")):
        if not prefix and path.stem.startswith(SAFETY_PREFIX):
            continue
        rows = []
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
            label, tab, text = line.partition("\t")
            if not line.strip():
                continue
            if not tab or not text.strip():
                raise UnreadableInput(f"{path.name}, line {number}: expected label<TAB>text.")
            rows.append((label.strip(), text.strip()))
        found[path.stem.removeprefix(prefix)] = rows
    if not found:
        raise UnreadableInput(f"{folder} holds no {prefix}<lang>.tsv file.")
    return found


class Pipeline:
    """The trained model, as Rasa loads it to answer."""

    def __init__(self, model: Path) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from rasa.core.agent import Agent
        from rasa.utils.log_utils import configure_structlog

        configure_structlog(logging.ERROR)  # at other levels Rasa logs every sentence
        self._agent = Agent.load(str(model))

    def understand(self, rows: Iterable[tuple[str, str]]) -> list[Understood]:
        """Each sentence through the door's checks and the NLU graph, as a first message."""
        return asyncio.run(self._understand(list(rows)))

    async def _understand(self, rows: list[tuple[str, str]]) -> list[Understood]:
        return [await self._one(expected, text) for expected, text in rows]

    async def _one(self, expected: str, text: str) -> Understood:
        from rasa.core.channels.channel import UserMessage

        from bot.policies.gate import outcome

        checked = check(text, all_lexicons(), get_settings().message_max_length)
        message = UserMessage(
            mask(checked.text, date.today()), metadata={"red_flag": checked.red_flag.as_dict()}
        )
        assert self._agent.processor
        parsed: dict[str, Any] = await self._agent.processor.parse_message(message)
        intent = parsed["intent"]["name"] or NOT_UNDERSTOOD
        ranking = [r for r in parsed["intent_ranking"] if r["name"] not in (None, NOT_UNDERSTOOD)]
        best: dict[str, Any] = ranking[0] if ranking else {"name": intent, "confidence": 0.0}
        language = (parsed.get("language") or {}).get("answer", "")
        result = outcome(parsed.get("red_flag"), intent)
        confidence = float(best["confidence"])
        return Understood(text, expected, intent, str(best["name"]), confidence, language, result)


def measure_utterances(found: list[Understood], language: str) -> dict[str, float]:
    """Shares from 0 to 1.

    intent_accuracy, macro_f1 (over the labels that occur); language_accuracy, of all and of
    messages of up to three words; answered: not asked back; right_of_answered;
    calibration_error: how far confidence lies from the share that is right, on average (ECE).
    """
    from sklearn.metrics import f1_score

    expected = [row.expected for row in found]
    given = [row.intent for row in found]
    labels = sorted(set(expected))
    return {
        "intent_accuracy": _share(a == b for a, b in zip(expected, given)),
        "macro_f1": round(
            float(f1_score(expected, given, labels=labels, average="macro", zero_division=0)), 4
        ),
        "language_accuracy": _share(row.language == language for row in found),
        "language_short": _share(
            row.language == language
            for row in found
            if 0 < len(words_of(row.text).split()) <= SHORT_WORDS
        ),
        "answered": _share(row.intent != NOT_UNDERSTOOD for row in found),
        "right_of_answered": _share(
            row.intent == row.expected for row in found if row.intent != NOT_UNDERSTOOD
        ),
        "calibration_error": calibration_error(found),
        "n": len(found),
    }


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence: how sure on average, how many were right, how many."""

    confidence: float
    right: float
    count: int


def reliability(found: list[Understood], bins: int = 10) -> list[Bin]:
    """The reliability curve: answers in bins of equal width of confidence, empty ones left out."""
    grouped: dict[int, list[Understood]] = {}
    for row in found:
        grouped.setdefault(min(int(row.confidence * bins), bins - 1), []).append(row)
    return [
        Bin(
            sum(row.confidence for row in rows) / len(rows),
            sum(row.best == row.expected for row in rows) / len(rows),
            len(rows),
        )
        for _, rows in sorted(grouped.items())
    ]


def calibration_error(found: list[Understood]) -> float:
    """Expected calibration error: |confidence - right|, weighted by how many."""
    curve = reliability(found)
    total = sum(part.count for part in curve)
    gap = sum(abs(part.confidence - part.right) * part.count for part in curve)
    return round(gap / total, 4) if total else 0.0


def measure_safety(found: list[Understood]) -> dict[str, float]:
    """Recall counts card or ask on emergencies; false alarms are cards, asked are questions, on
    what is none."""
    emergencies = [row for row in found if row.expected == EMERGENCY]
    others = [row for row in found if row.expected != EMERGENCY]
    return {
        "recall": _share(row.outcome != "nothing" for row in emergencies),
        "card_rate": _share(row.outcome == "card" for row in emergencies),
        "false_alarm_rate": _share(row.outcome == "card" for row in others),
        "asked_rate": _share(row.outcome == "ask" for row in others),
        "n": len(found),
    }


@dataclass(frozen=True)
class Evaluation:
    """report: {"languages": {code: figures}, "mean": figures}; found: every sentence of the intent
    test; wrong_on_safety: missed emergencies, and cards on what is none."""

    report: dict[str, Any]
    found: list[Understood]
    wrong_on_safety: list[Understood]


def evaluate(model: Path, utterances: Path | None, safety: Path | None) -> Evaluation:
    """Run both test sets through the pipeline.

    Raises:
        UnreadableInput: a test set can't be read.
    """
    pipeline = Pipeline(model)
    languages: dict[str, dict[str, float]] = {}
    every: list[Understood] = []
    wrong: list[Understood] = []
    started, count = time.monotonic(), 0
    if utterances:
        for language, rows in read_sentences(utterances).items():
            found = pipeline.understand(rows)
            languages[language] = measure_utterances(found, language)
            every += found
            count += len(found)
    if safety:
        for language, rows in read_sentences(safety, SAFETY_PREFIX).items():
            found = pipeline.understand(rows)
            measured = measure_safety(found)
            sentences = languages.setdefault(language, {}).get("n", 0)
            languages[language] |= measured | {"n": sentences + measured["n"]}
            wrong += [row for row in found if _wrongly_safe(row)]
            count += len(found)
    report: dict[str, Any] = {"languages": languages, "mean": _mean(languages)}
    report["mean"]["ms_per_sentence"] = round(
        (time.monotonic() - started) * 1000 / max(count, 1), 1
    )
    return Evaluation(report, every, wrong)


def _wrongly_safe(row: Understood) -> bool:
    if row.expected == EMERGENCY:
        return row.outcome == "nothing"
    return row.outcome == "card"


def _share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return round(sum(values) / len(values), 4) if values else 0.0


def _mean(languages: dict[str, dict[str, float]]) -> dict[str, float]:
    names = {name for measured in languages.values() for name in measured if name != "n"}
    mean = {}
    for name in sorted(names):
        values = [measured[name] for measured in languages.values() if name in measured]
        mean[name] = round(sum(values) / len(values), 4)
    mean["n"] = sum(measured["n"] for measured in languages.values())
    return mean
