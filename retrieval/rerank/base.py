"""What every reranker offers."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..question import Candidate, Question


class Reranker(Protocol):
    """Scores candidates for a question; higher is better, comparable within one call."""

    @property
    def name(self) -> str: ...

    def score(self, question: Question, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]: ...
