"""The trained screen: a small head over MiniLM's vectors, for every piece of a text in its surroundings."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...platform.portions import portions
from .base import Finding, screen
from .remembered import Remembered
from .segments import Segment, says_something
from .style import Float32
from .windows import OWN, RECENT, TOGETHER, PieceEncoder, Windows, company, spans_of, windows_of

WEIGHTS = Path(__file__).with_name("classifier.npz")
# Windows whose probability is kept: some ten megabytes.
REMEMBERED = 100_000


class Head:
    """Small networks: one says how much a piece asks for something, several whether it does so out of place.

    Those several differ in how they were begun; their logits are averaged.
    """

    @cached_property
    def _weights(self) -> dict[str, Float32]:
        with np.load(WEIGHTS) as stored:
            return {name: stored[name].astype(np.float32) for name in stored.files}

    @property
    def threshold(self) -> float:
        """The probability from which a text is flagged: chosen in training, on generated texts held out."""
        return float(self._weights["threshold"])

    def probabilities(self, windows: Windows) -> Float32:
        """Of each window, [n]; calibrated for the highest window of a text."""
        if not windows.spans:
            return np.zeros(0, dtype=np.float32)
        weights = self._weights
        features = (windows.features - weights["mean"]) / weights["scale"]
        asking = sigmoid(self._logits("asking", features[:, :OWN]))
        placed = np.concatenate([features, 2 * company(asking, windows.others)], axis=1)
        slope, offset = weights["calibration"]
        return sigmoid(slope * self._logits("placed", placed) + offset)

    def _logits(self, name: str, inputs: Float32) -> Float32:
        """The mean over the networks of that name, whose hidden layers lie side by side."""
        weights = self._weights
        hidden = np.maximum(inputs @ weights[f"{name}_w1"] + weights[f"{name}_b1"], 0)
        result: Float32 = hidden @ weights[f"{name}_w2"] + weights[f"{name}_b2"]
        return result


def sigmoid(logits: Float32) -> Float32:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


class Look(NamedTuple):
    """The windows of a text, and the probability of each."""

    spans: list[Segment]
    probabilities: Float32


class Classifier:
    """See :class:`Screen`; the score is the probability that a text holds an instruction to the model."""

    name = "classifier"

    def __init__(self, encoder: PieceEncoder | None = None) -> None:
        self.encoder = encoder or PieceEncoder()
        self.head = Head()
        self._seen = Remembered[Look](REMEMBERED, lambda look: 1 + len(look.spans))

    def find(self, text: str) -> list[Finding]:
        spans, probabilities = self._look(text)
        threshold = self.head.threshold
        reason = "reads like an instruction to the model that does not belong here"
        return [
            Finding(span.start, span.end, float(score), self.name, reason)
            for span, score in zip(spans, probabilities, strict=True)
            if score >= threshold
        ]

    def score(self, text: str) -> float:
        """The highest probability of a window, 0.0 for a text without words."""
        return float(self._look(text).probabilities.max(initial=0.0))

    def prepare(self, texts: Iterable[str]) -> None:
        """Encode the pieces of texts together, many times faster than one text after the other."""
        unknown = [text for text in texts if text not in self._seen]
        pieces = [text[span.start : span.end] for text in unknown for span in spans_of(text)]
        for some in portions(pieces, RECENT):
            self.encoder.encode(some)

    def _look(self, text: str) -> Look:
        """What is thought of a text; of the latest ``REMEMBERED`` windows it is known.

        A verdict asks twice, and the datasets of other formats are built of the same results.
        """
        return self._seen.of(text, lambda: self._windows(text))

    def _windows(self, text: str) -> Look:
        spans = spans_of(text)
        parts = [windows_of(text, self.encoder, some) for some in portions(spans, TOGETHER)]
        said = np.array([says_something(text[start:end]) for start, end in spans], dtype=np.float32)
        found = [self.head.probabilities(windows) for windows in parts]
        return Look(spans, np.concatenate([*found, said[:0]]) * said)


@screen
def classifier() -> Classifier:
    """Sentences that read like an instruction to the model and do not belong where they stand."""
    return Classifier()
