"""A question made ready for scoring, and the candidates that it is scored against."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .embed.base import Float32
from .sentence_vectors import SentenceVectors


@dataclass(frozen=True)
class Question:
    """``words`` are the distinct index words with their ``idf``; ``tokens`` ``[t, d]``, ``vector`` ``[d]``."""

    text: str
    vector: Float32
    tokens: Float32
    words: tuple[str, ...]
    idf: npt.NDArray[np.float64]

    @property
    def weight(self) -> float:
        """The sum of the idf, by which overlaps are divided; never 0."""
        return max(float(self.idf.sum()), 1e-9)

    def overlap(self, words: frozenset[str]) -> float:
        """Share of the question's idf that ``words`` hold, 0 to 1."""
        held = sum(idf for word, idf in zip(self.words, self.idf.tolist(), strict=True) if word in words)
        return float(held) / self.weight


@dataclass(frozen=True)
class Candidate:
    """A chunk that fusion brought up. ``title`` holds its headings too.

    ``lexical`` is BM25, ``dense`` a cosine, ``fused`` the score of rank fusion.
    """

    chunk_id: int
    title: str
    text: str
    lexical: float
    dense: float
    fused: float
    sentences: SentenceVectors
