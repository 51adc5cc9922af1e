"""The fake reranker: leaves the fused order as it is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..question import Candidate, Question


class IdentityReranker:
    """Scores are those of rank fusion."""

    name = "identity"

    def score(self, question: Question, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        return np.array([candidate.fused for candidate in candidates], dtype=np.float64)
