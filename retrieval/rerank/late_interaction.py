"""Rank chunks by their best sentence and by their BM25 score, over stored token vectors."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import numpy.typing as npt

from ..highlight import SentenceWeights, Words, sentence_features
from ..question import Candidate, Question


class LateInteractionReranker:
    """ColBERT's MaxSim (https://arxiv.org/abs/2004.12832) and the features of ``highlight``.

    ``breadth`` weighs the mean of a chunk's sentences against its best one: 0 suits questions that
    one sentence answers, more suits requests for everything about a topic.
    """

    name = "late-interaction"

    def __init__(
        self,
        words: Words,
        weights: SentenceWeights = SentenceWeights(),  # noqa: B008 (frozen)
        breadth: float = 0.0,
    ) -> None:
        self._words = words
        self._weights = np.array(astuple(weights))
        self._breadth = breadth

    def score(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> npt.NDArray[np.float64]:
        return np.array([self._one(question, candidate) for candidate in candidates], dtype=np.float64)

    def _one(self, question: Question, candidate: Candidate) -> float:
        scores = sentence_features(question, candidate, self._words) @ self._weights
        if not len(scores):
            return float("-inf")
        return float(scores.max() + self._breadth * scores.mean())
