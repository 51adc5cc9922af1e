"""Windows of a text as the classifier sees them: a piece, how it is written, and what it stands in."""

import threading
from collections import OrderedDict
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...platform.loading import LOADING
from ...retrieval.embed.minilm import packaged_model
from .segments import Segment, segments_of
from .style import WIDTH, Float32, style_of

DIMENSION = 384
# Vectors of pieces that are kept in memory: greetings, signatures and headings come again.
RECENT = 8192
# A text of at most so many characters is also looked at as a whole.
WHOLE = 240
# Of a longer text so many pieces are looked at together: what that takes grows with their square.
TOGETHER = 2000
MAX_TOKENS = 200
_MIDDLE = 3
_BATCH = 32
_PLACES = 10
# The first so many features are of the piece alone.
OWN = 2 * DIMENSION + WIDTH
FEATURES = 4 * DIMENSION + 3 * WIDTH + _PLACES


class Piece(NamedTuple):
    """A piece's vectors [768] (MiniLM's last layer, then its third, mean-pooled) and its style."""

    vector: Float32
    style: Float32


class Windows(NamedTuple):
    """Windows of a text: ``features`` [n, FEATURES], and which pieces are a window's surroundings [n, pieces]."""

    spans: list[Segment]
    features: Float32
    others: Float32


class PieceEncoder:
    """MiniLM out of its package, one caller at a time; pieces that were seen lately are kept."""

    def __init__(self, recent: int = RECENT) -> None:
        self._lock = threading.Lock()
        self._limit = recent
        self._recent: OrderedDict[str, Piece] = OrderedDict()

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        folder = packaged_model()
        with LOADING:
            from transformers import AutoModel, AutoTokenizer

            return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def encode(self, texts: list[str]) -> list[Piece]:
        """The pieces of ``texts``, in their order."""
        with self._lock:
            unknown = sorted({text for text in texts if text not in self._recent}, key=lambda t: (len(t), t))
            for start in range(0, len(unknown), _BATCH):
                batch = unknown[start : start + _BATCH]
                self._recent.update(zip(batch, self._encode(batch), strict=True))
            found = [self._recent[text] for text in texts]
            while len(self._recent) > self._limit:
                self._recent.popitem(last=False)
        return found

    def _encode(self, texts: list[str]) -> list[Piece]:
        import torch

        tokenizer, model = self._model
        batch = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch, output_hidden_states=True).hidden_states
            mask = batch["attention_mask"].unsqueeze(2).float()
            pooled = [(state * mask).sum(1) / mask.sum(1) for state in (states[-1], states[_MIDDLE])]
            vectors = torch.cat(
                [torch.nn.functional.normalize(each, dim=1) for each in pooled], dim=1
            ).numpy()
        counts = batch["attention_mask"].sum(1).tolist()
        return [
            Piece(vector, style_of(text, int(count) - 2))
            for vector, text, count in zip(vectors, texts, counts, strict=True)
        ]


def spans_of(text: str) -> list[Segment]:
    """Every piece of a text and, where it is short and has several, the whole."""
    pieces = segments_of(text)
    if len(pieces) < 2 or pieces[-1].end - pieces[0].start > WHOLE:
        return pieces
    return [*pieces, Segment(pieces[0].start, pieces[-1].end)]


def windows_of(text: str, encoder: PieceEncoder, spans: list[Segment]) -> Windows:
    """The windows of a text at ``spans``, each with the mean of all others as its surroundings."""
    if not spans:
        return Windows([], np.zeros((0, FEATURES), dtype=np.float32), np.zeros((0, 0), dtype=np.float32))
    pieces = encoder.encode([text[span.start : span.end] for span in spans])
    vectors = np.stack([piece.vector for piece in pieces])
    styles = np.stack([piece.style for piece in pieces])
    whole = len(spans) > 1 and spans[-1].start == spans[0].start
    parts = len(spans) - 1 if whole else len(spans)
    others = np.ones((len(spans), parts), dtype=np.float32) - np.eye(len(spans), parts, dtype=np.float32)
    if whole:
        others[-1] = 0
    return Windows(spans, _features(vectors, styles, others, spans, len(text)), others)


def _features(
    vectors: Float32, styles: Float32, others: Float32, spans: list[Segment], length: int
) -> Float32:
    parts = others.shape[1]
    weights = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    around = weights @ vectors[:parts, :DIMENSION]
    around_style = weights @ styles[:parts]
    around /= np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-6)
    own = vectors[:, :DIMENSION]
    alike = own @ own[:parts].T
    alike_others = np.where(others > 0, alike, -1)
    share = np.array([(span.end - span.start) / max(length, 1) for span in spans], dtype=np.float32)
    alone = others.sum(axis=1) == 0
    places = np.stack([
        (own * around).sum(axis=1), np.where(alone, 0, alike_others.max(axis=1, initial=-1)), share, alone,
        np.log1p(others.sum(axis=1)) / 4, np.full(len(spans), np.log1p(length) / 8), np.arange(len(spans)) / len(spans),
        np.arange(len(spans)) == 0, np.arange(len(spans)) == parts - 1, np.arange(len(spans)) >= parts,
    ], axis=1)  # fmt: skip
    difference = np.where(alone[:, None], 0, styles - around_style)
    return np.concatenate(
        [vectors, styles, around, own * around, around_style, difference, places], axis=1, dtype=np.float32
    )


def company(asking: Float32, others: Float32) -> Float32:
    """How much each window asks for something, and its surroundings do in the mean and at most, [n, 3]."""
    parts = others.shape[1]
    mean = others @ asking[:parts] / np.maximum(others.sum(axis=1), 1)
    most = (others * asking[:parts]).max(axis=1, initial=0)
    return np.stack([asking, mean, most], axis=1)
