"""The sentences of candidate chunks that best answer a question.

A sentence's score is linear in four features. Token vectors come out of one pass over the whole
chunk with its title, so a sentence that says "it" still knows what "it" is.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from .embed.base import normalise
from .question import Candidate, Question

Words = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Highlight:
    """``text`` is ``chunk.text[start:end]`` of the chunk ``chunk_id``."""

    chunk_id: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True)
class SentenceWeights:
    """One weight a feature, in the order of :func:`sentence_features`.

    Near the optimum that ``tests/bench/fit_highlight.py`` finds on SQuAD development questions,
    rounded to what serves Cranfield too.
    """

    maxsim: float = 20.0
    centroid: float = 8.0
    near: float = 3.0
    chunk: float = 4.0


def highlights(
    question: Question,
    candidates: Sequence[Candidate],
    words: Words,
    weights: SentenceWeights = SentenceWeights(),
) -> list[Highlight]:
    """Every sentence of the candidates, best first; in a tie the earlier candidate's."""
    found: list[Highlight] = []
    factors = np.array(astuple(weights))
    for candidate in candidates:
        scores = sentence_features(question, candidate, words) @ factors
        for span, score in zip(candidate.sentences.spans, scores.tolist(), strict=True):
            text = candidate.text[span.start : span.end]
            found.append(Highlight(candidate.chunk_id, span.start, span.end, text, score))
    return sorted(found, key=lambda highlight: -highlight.score)


def sentence_features(question: Question, candidate: Candidate, words: Words) -> npt.NDArray[np.float64]:
    """``[sentences, 4]``: what a sentence and its surroundings share with the question.

    maxsim: mean over the question's tokens of the nearest token (Khattab and Zaharia 2020,
    https://arxiv.org/abs/2004.12832). centroid: cosine to the mean of its tokens. near: share of
    the question's idf in it, the title and the sentence before. chunk: the same of the whole chunk.
    """
    maxsim, centroid = _similarities(question, candidate)
    own = [frozenset(words(candidate.text[start:end])) for start, end in candidate.sentences.spans]
    title = frozenset(words(candidate.title))
    near = [held | before | title for held, before in zip(own, [frozenset[str](), *own], strict=False)]
    whole = np.full(len(own), question.overlap(title.union(*own)))
    overlaps = [question.overlap(held) for held in near]
    return np.column_stack([maxsim, centroid, overlaps, whole]).reshape(len(own), 4)


def _similarities(
    question: Question, candidate: Candidate
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    counts = candidate.sentences.counts
    if not counts or not len(question.tokens):
        zero = np.zeros(len(counts), dtype=np.float32)
        return zero, zero
    starts = np.cumsum((0, *counts[:-1]))
    matrix = candidate.sentences.matrix()
    nearest = np.maximum.reduceat(question.tokens @ matrix.T, starts, axis=1)
    means = normalise(np.add.reduceat(matrix, starts, axis=0))
    return nearest.mean(axis=0), means @ question.vector
