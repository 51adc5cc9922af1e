"""What every embedder offers."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into unit vectors; safe to call from several threads."""

    @property
    def name(self) -> str:
        """Names model and settings: vectors of two embedders with one name are comparable."""
        ...

    @property
    def dimension(self) -> int: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Float32:
        """Rows of shape ``[len(texts), dimension]``, L2-normalised."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> list[Float32]:
        """For each text its token vectors ``[tokens, dimension]``, L2-normalised, for MaxSim."""
        ...


def normalise(vectors: npt.NDArray[np.floating]) -> Float32:
    """Rows scaled to unit length; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(norms > 0, norms, 1.0), dtype=np.float32)
