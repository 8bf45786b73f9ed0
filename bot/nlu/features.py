"""What the linear models of the NLU graph see: letters, words, and the sentence's vector.

Character n-grams and words know names, short phrases and the romanised text that the encoder has
seen little of; the vector says what is meant. Figures: docs/adr/0003-intent-classifier.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from bot.nlu.encoders import plain_text
from bot.pathway.folding import fold

VECTOR_WEIGHT = 2.0
"""Of the vector's length beside the n-grams', each of which has length 1; chosen on held-out."""
WORDS = r"\S+"


class SentenceFeatures:
    """Fitted on the training sentences; picklable."""

    def __init__(self) -> None:
        shared = {"min_df": 2, "sublinear_tf": True, "dtype": np.float32}
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **shared)
        words = TfidfVectorizer(token_pattern=WORDS, ngram_range=(1, 2), **shared)
        self._grams = make_union(letters, words)

    def fit(self, texts: Sequence[str]) -> SentenceFeatures:
        """Learn the n-grams."""
        self._grams.fit([_folded(text) for text in texts])
        return self

    def transform(self, texts: Sequence[str], vectors: np.ndarray) -> sparse.csr_matrix:
        """Features of shape (len(texts), n-grams + dimensions).

        Args:
            vectors: shape (len(texts), dimensions), from the sentence encoder.
        """
        grams = self._grams.transform([_folded(text) for text in texts])
        return sparse.hstack([grams, sparse.csr_matrix(vectors * VECTOR_WEIGHT)]).tocsr()


def _folded(text: str) -> str:
    """The text as n-grams see it: accents, case and punctuation folded away."""
    return fold(plain_text(text))
