"""The in-memory side of a collection: both indexes and the metadata, filled from stored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dense import DenseIndex
from .embed.base import Float32
from .fuse import fuse
from .highlight import Words
from .hits import Hits
from .ingest import context
from .lexical import LexicalIndex
from .load.base import Metadata, MetadataValue
from .store import IndexRow


@dataclass(frozen=True)
class Found:
    """A chunk id with its score in each stage before reranking."""

    id: int
    lexical: float
    dense: float
    fused: float


class Indexes:
    """A cache: everything here can be rebuilt from the store."""

    def __init__(self, dimension: int, words: Words, weights: Mapping[str, float]) -> None:
        self.dense = DenseIndex(dimension)
        self.lexical = LexicalIndex(words)
        self._weights = weights
        self._metadata: dict[int, Metadata] = {}

    def __len__(self) -> int:
        return len(self._metadata)

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Index rows of new ids."""
        if not rows:
            return
        ids = [row.id for row in rows]
        self.dense.add(ids, np.stack([row.vector for row in rows]))
        self.lexical.add(ids, [context(row.title, row.heading) + row.text for row in rows])
        self._metadata.update({row.id: row.metadata for row in rows})

    def remove(self, ids: Sequence[int]) -> None:
        """Forget ids."""
        self.dense.remove(ids)
        self.lexical.remove(ids)
        for identity in ids:
            self._metadata.pop(identity, None)

    def replace(self, ids: Sequence[int], rows: Sequence[IndexRow]) -> None:
        """Forget ids and index rows of new ones."""
        self.remove(ids)
        self.add(rows)

    def search(
        self, query: str, vector: Float32, depth: int, filters: Mapping[str, MetadataValue]
    ) -> list[Found]:
        """The ``depth`` best of both indexes together; filtered chunks are never ranked."""
        allowed = self._allowed(filters) if filters else None
        if not self._metadata or (allowed is not None and not len(allowed)):
            return []
        pool = max(100, depth)
        lexical = self.lexical.search(query, pool, allowed)
        dense = self.dense.search(vector, pool, allowed)
        fused = fuse({"lexical": lexical, "dense": dense}, self._weights)
        words, cosines = _scores(lexical), _scores(dense)
        return [
            Found(identity, words.get(identity, 0.0), cosines.get(identity, 0.0), score)
            for identity, score in zip(fused.ids[:depth].tolist(), fused.scores[:depth].tolist(), strict=True)
        ]

    def _allowed(self, filters: Mapping[str, MetadataValue]) -> npt.NDArray[np.int64]:
        ids = [
            identity
            for identity, metadata in self._metadata.items()
            if all(_equal(metadata.get(name), value) for name, value in filters.items())
        ]
        return np.array(ids, dtype=np.int64)


def _equal(held: MetadataValue | None, wanted: MetadataValue) -> bool:
    """Equal and of one kind: True is not 1."""
    return held == wanted and isinstance(held, bool) == isinstance(wanted, bool)


def _scores(hits: Hits) -> dict[int, float]:
    return dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
