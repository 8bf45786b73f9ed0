"""A linear machine whose margins are made into calibrated confidences; small on disk.

The intent classifier, the language identifier and the red-flag detector share it. One temperature
is fitted on examples left out of training, so that of the answers given at confidence 0.8 about
80 % are right: docs/adr/0003-intent-classifier.md shows the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sparse
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.svm import LinearSVC

FACTORS = (0.2, 20.0)
"""Between which the temperature's factor lies."""


class MarginClassifier:
    """LinearSVC, one against the rest, with class weights; picklable in half precision.

    Args:
        c: inverse regularisation. left_out: the share that the temperature is fitted on.
    """

    def __init__(self, c: float, left_out: float = 0.15) -> None:
        self._c, self._left_out = c, left_out
        self._temperature = 1.0
        self.classes: list[str] = []
        self._coefficients = np.zeros((0, 0), dtype=np.float32)
        self._intercepts = np.zeros(0, dtype=np.float32)

    def fit(
        self,
        features: sparse.csr_matrix,
        labels: Sequence[str],
        weights: Sequence[float] | None = None,
    ) -> MarginClassifier:
        """Learn; features have shape (examples, dimensions). weights: how much each counts."""
        names = np.array(labels)
        counts = np.ones(len(names)) if weights is None else np.array(weights)
        split = StratifiedShuffleSplit(n_splits=1, test_size=self._left_out, random_state=0)
        kept, left_out = next(split.split(features, names))
        # The solver lets other threads run: both are learned at once on two cores.
        partly, whole = Parallel(n_jobs=2, prefer="threads")(
            delayed(self._learn)(features[part], names[part], counts[part])
            for part in (kept, slice(None))
        )
        self._take(partly)
        right = np.searchsorted(self.classes, names[left_out])
        self._temperature = fit_temperature(self._margins(features[left_out]), right)
        self._take(whole)
        return self

    def probabilities(self, features: sparse.csr_matrix) -> np.ndarray:
        """Confidences, shape (examples, classes), each row of sum 1, in the order of `classes`."""
        return softmax(self._margins(features) * self._temperature, axis=1)

    def _learn(
        self, features: sparse.csr_matrix, names: np.ndarray, counts: np.ndarray
    ) -> LinearSVC:
        machine = LinearSVC(C=self._c, class_weight="balanced", random_state=0, max_iter=2000)
        return machine.fit(features, names, counts)

    def _take(self, machine: LinearSVC) -> None:
        self.classes = [str(name) for name in machine.classes_]
        self._coefficients = machine.coef_.astype(np.float32)
        self._intercepts = machine.intercept_.astype(np.float32)

    def _margins(self, features: sparse.csr_matrix) -> np.ndarray:
        return np.asarray(features @ self._coefficients.T) + self._intercepts

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_coefficients": self._coefficients.astype(np.float16)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._coefficients = self._coefficients.astype(np.float32)


def fit_temperature(margins: np.ndarray, right: np.ndarray) -> float:
    """The factor on margins whose softmax has the least log loss.

    Args:
        margins: shape (sentences, classes). right: each sentence's column, shape (sentences,).
    """

    def loss(factor: float) -> float:
        rows = np.arange(len(right))
        return float(-log_softmax(margins * factor, axis=1)[rows, right].mean())

    return float(minimize_scalar(loss, bounds=FACTORS, method="bounded").x)
