"""Margins become confidences that mean something, and outlive being stored."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse as sparse

from bot.nlu.margins import MarginClassifier, fit_temperature


@pytest.fixture(scope="module")
def trained() -> tuple[MarginClassifier, sparse.csr_matrix, list[str]]:
    """Three noisy kinds of points; about every fifth lies nearer to another kind."""
    random = np.random.default_rng(0)
    kinds = random.integers(0, 3, 600)
    points = np.eye(3)[kinds] * 1.6 + random.normal(0, 0.8, (600, 3))
    labels = [f"kind{kind}" for kind in kinds]
    features = sparse.csr_matrix(points.astype(np.float32))
    return MarginClassifier(c=1.0).fit(features, labels), features, labels


def test_confidences_sum_to_one_and_come_near_the_share_that_is_right(
    trained: tuple[MarginClassifier, sparse.csr_matrix, list[str]],
) -> None:
    machine, features, labels = trained
    confidences = machine.probabilities(features)
    assert np.allclose(confidences.sum(axis=1), 1)
    right = [machine.classes[i] == label for i, label in zip(confidences.argmax(axis=1), labels)]
    assert abs(confidences.max(axis=1).mean() - np.mean(right)) < 0.05


def test_what_is_stored_answers_alike(
    trained: tuple[MarginClassifier, sparse.csr_matrix, list[str]],
) -> None:
    machine, features, _ = trained
    again: MarginClassifier = pickle.loads(pickle.dumps(machine))
    assert again.classes == machine.classes
    assert np.allclose(again.probabilities(features), machine.probabilities(features), atol=1e-2)


def test_sure_and_right_margins_are_stretched_and_doubtful_ones_are_not() -> None:
    sure = np.array([[2.0, -2.0], [-2.0, 2.0]] * 10)
    right = np.array([0, 1] * 10)
    half_wrong = np.array([0, 0] * 10)
    assert fit_temperature(sure, right) > 5 > 1 > fit_temperature(sure, half_wrong)
