"""Scored ids, best first: what every index answers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Hits(NamedTuple):
    """Parallel arrays: ``ids`` int64 and ``scores`` float64, scores falling, ids rising in a tie."""

    ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


def best(ids: npt.NDArray[np.int64], scores: npt.NDArray[np.floating], k: int) -> Hits:
    """The ``k`` highest, sorted."""
    if k < len(ids):
        # Keep all that tie with the k-th, so that the order by id decides, not the partition.
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = scores >= threshold
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))[:k]
    return Hits(ids[order].astype(np.int64), scores[order].astype(np.float64))


NO_HITS = Hits(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64))
