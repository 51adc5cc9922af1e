"""The fake embedder: signed feature hashing of words, without a model.

Texts that share words are near each other and nothing else is known of their meaning. It needs no
weights, gives the same vectors on every machine, and is what most tests use.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .base import Float32, TokenVectors, normalise

_WORD = re.compile(r"\w+|[^\w\s]")


class HashingEmbedder:
    """Weinberger et al. 2009 (https://arxiv.org/abs/0902.2206): each word adds a signed direction."""

    def __init__(self, dimension: int = 384) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        return f"hashing-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) for text in texts]

    def embed_texts(self, texts: Sequence[str]) -> Float32:
        rows = [tokens.pooled for tokens in self.embed_tokens(texts)]
        return np.stack(rows) if rows else np.zeros((0, self._dimension), dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        return [self._tokens(text) for text in texts]

    def _tokens(self, text: str) -> TokenVectors:
        words = [match for match in _WORD.finditer(text) if match.group()[0].isalnum()]
        vectors = np.zeros((len(words), self._dimension), dtype=np.float32)
        for vector, word in zip(vectors, words, strict=True):
            for feature, sign in _features(word.group().lower()):
                vector[feature % self._dimension] += sign
        spans = np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2)
        return TokenVectors(normalise(vectors.sum(axis=0)), normalise(vectors), spans)


@lru_cache(maxsize=65536)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Four places and signs of a word: one place alone would let two words collide wholly."""
    digest = hashlib.blake2b(word.encode(), digest_size=20).digest()
    return tuple(
        (int.from_bytes(digest[at : at + 4], "little"), 1.0 if digest[at + 4] & 1 else -1.0)
        for at in range(0, 20, 5)
    )
