"""What every embedder offers."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]


class TokenVectors(NamedTuple):
    """A text token by token, special tokens left out.

    ``pooled`` ``[d]`` is what ``embed_texts`` gives for what was read of the text; ``vectors`` ``[t, d]`` are unit
    length, for MaxSim; ``spans`` ``[t, 2]`` are the tokens' character ranges. A model that reads
    only the beginning of a long text has tokens only for that.
    """

    pooled: Float32
    vectors: Float32
    spans: npt.NDArray[np.int64]


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
        """Rows of shape ``[len(texts), dimension]``, L2-normalised; nothing of a text is left out."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Text vector and token vectors of each text out of one pass of the model."""
        ...


def normalise(vectors: npt.NDArray[np.floating]) -> Float32:
    """Rows scaled to unit length; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(norms > 0, norms, 1.0), dtype=np.float32)
