"""Measures understanding on a site's own sentences, with exactly the running pipeline.

`waymark evaluate` prints what this returns. Test sets: `<lang>.tsv` with `intent<TAB>text`, and
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
from bot.pathway.red_flags import all_lexicons
from bot.settings import get_settings

SAFETY_PREFIX = "safety_"
EMERGENCY, NOT_EMERGENCY = "emergency", "not_emergency"


@dataclass(frozen=True)
class Understood:
    """What the pipeline made of one sentence."""

    text: str
    expected: str
    intent: str
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
        intent = parsed["intent"]["name"] or "nlu_fallback"
        language = (parsed.get("language") or {}).get("answer", "")
        result = outcome(parsed.get("red_flag"), intent)
        confidence = float(parsed["intent"].get("confidence") or 0)
        return Understood(text, expected, intent, confidence, language, result)


def measure_utterances(found: list[Understood], language: str) -> dict[str, float]:
    """Intent accuracy, macro-F1 over the labels that occur, and language accuracy: 0 to 1."""
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
        "n": len(found),
    }


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


def evaluate(
    model: Path, utterances: Path | None, safety: Path | None
) -> tuple[dict[str, Any], list[Understood]]:
    """The report ({"languages": …, "mean": …}) and every sentence that went wrong."""
    pipeline = Pipeline(model)
    languages: dict[str, dict[str, float]] = {}
    wrong: list[Understood] = []
    started, count = time.monotonic(), 0
    if utterances:
        for language, rows in read_sentences(utterances).items():
            found = pipeline.understand(rows)
            languages[language] = measure_utterances(found, language)
            wrong += [row for row in found if row.expected != row.intent]
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
    return report, wrong


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
