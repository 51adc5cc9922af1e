"""Rank chunks by their best sentence, over stored token vectors."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import numpy.typing as npt

from ..highlight import SentenceWeights, Words, sentence_features
from ..question import Candidate, Question


class LateInteractionReranker:
    """ColBERT's MaxSim (https://arxiv.org/abs/2004.12832) and the features of ``highlight``.

    ``prior`` weighs the score of rank fusion: 0 suits questions that one sentence answers, more
    suits requests for everything about a topic. 200 costs the first nothing and helps the second,
    measured on SQuAD and Cranfield.
    """

    name = "late-interaction"

    def __init__(
        self,
        words: Words,
        weights: SentenceWeights = SentenceWeights(),
        prior: float = 200.0,
    ) -> None:
        self._words = words
        self._weights = np.array(astuple(weights))
        self._prior = prior

    def score(self, question: Question, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        return np.array([self._one(question, candidate) for candidate in candidates], dtype=np.float64)

    def _one(self, question: Question, candidate: Candidate) -> float:
        scores = sentence_features(question, candidate, self._words) @ self._weights
        if not len(scores):
            return float("-inf")
        return float(scores.max() + self._prior * candidate.fused)
