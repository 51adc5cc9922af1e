"""A sentence-transformers cross encoder, for those who have its weights."""

from collections.abc import Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from ...platform.errors import PrerequisiteError, missing_extra
from ...platform.loading import LOADING
from ..question import Candidate, Question


class CrossEncoderReranker:
    """``model`` is a local folder or a hub id, such as ``cross-encoder/ms-marco-MiniLM-L6-v2``."""

    def __init__(self, model: str, *, device: str | None = None, batch_size: int = 16) -> None:
        with LOADING:
            try:
                from sentence_transformers import CrossEncoder
            except ImportError as error:
                raise missing_extra("sentence-transformers", "cpu") from error
            try:
                self._model = CrossEncoder(model, device=device)
            except (OSError, ValueError) as error:
                raise PrerequisiteError(
                    f"The cross encoder {model!r} cannot be loaded: {error}. "
                    "Give a local folder or a hub id that can be reached."
                ) from error
        self._model_name = model
        self._batch_size = batch_size
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self._model_name

    def score(self, question: Question, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        if not candidates:
            return np.zeros(0)
        pairs = [(question.text, f"{c.title}\n{c.text}") for c in candidates]
        with self._lock:
            scores = self._model.predict(pairs, batch_size=self._batch_size, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float64).reshape(len(pairs))
