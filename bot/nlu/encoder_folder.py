"""A sentence encoder in a folder: an ONNX model, its tokenizer, and what stands before a text.

    model.onnx       inputs `input_ids`, `attention_mask` (and `token_type_ids`), output
                     `sentence_embedding`, or each token's vector first (then their mean is taken)
    tokenizer.json   of Hugging Face's `tokenizers`
    prefix.txt       optional: "query: " for the models of the E5 family

So a site can use a larger model than the one that Waymark builds (docs/settings.md).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from bot.errors import SettingsError

MODEL, TOKENIZER, PREFIX = "model.onnx", "tokenizer.json", "prefix.txt"
EMBEDDING = "sentence_embedding"
FINGERPRINT_LENGTH = 16


class EncoderFolder:
    """Loaded, ready to turn one text into one vector; may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._model_file = folder / MODEL
        for name in (MODEL, TOKENIZER):
            if not (folder / name).is_file():
                raise SettingsError(f"WAYMARK_ENCODER: the folder lacks {name}. Put it there.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                str(self._model_file), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._tokenizer.no_padding()
        except Exception as error:  # both libraries raise what has no common type
            raise SettingsError(
                f"WAYMARK_ENCODER: {folder.name} can't be loaded ({type(error).__name__}). "
                "Export the model and its tokenizer anew."
            ) from error
        prefix = folder / PREFIX
        self._prefix = prefix.read_text(encoding="utf-8") if prefix.exists() else ""
        self._inputs = {each.name for each in self._session.get_inputs()}
        names = [each.name for each in self._session.get_outputs()]
        self._output = EMBEDDING if EMBEDDING in names else names[0]

    def fingerprint(self) -> str:
        """Changes with the model: keeps the vectors of different models apart."""
        digest = hashlib.sha256(self._prefix.encode())
        with self._model_file.open("rb") as source:
            while part := source.read(1 << 20):
                digest.update(part)
        return f"onnx-{digest.hexdigest()[:FINGERPRINT_LENGTH]}"

    def vector(self, text: str) -> np.ndarray:
        """The text's vector: shape (dimensions,), float32, length 1."""
        encoded = self._tokenizer.encode(self._prefix + text)
        ids = np.array([encoded.ids], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        known = {name: value for name, value in given.items() if name in self._inputs}
        found = np.asarray(self._session.run([self._output], known)[0][0], dtype=np.float32)
        if found.ndim == 2:  # a vector for each token
            found = found.mean(axis=0)
        return found / max(float(np.linalg.norm(found)), 1e-12)
