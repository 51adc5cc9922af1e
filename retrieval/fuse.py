"""Merge rankings whose scores cannot be compared."""

from collections.abc import Mapping, Sequence

import numpy as np

from .hits import Hits, best


def fuse(rankings: Mapping[str, Hits], weights: Mapping[str, float] | None = None, k: int = 60) -> Hits:
    """Reciprocal rank fusion: an id scores the sum of ``weight / (k + rank)``, ranks from 1.

    Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
    rank learning methods" (https://doi.org/10.1145/1571941.1572114), where k = 60.
    """
    total: dict[int, float] = {}
    for name, hits in rankings.items():
        weight = 1.0 if weights is None else weights.get(name, 1.0)
        for rank, identity in enumerate(hits.ids.tolist(), 1):
            total[identity] = total.get(identity, 0.0) + weight / (k + rank)
    ids: Sequence[int] = list(total)
    return best(np.array(ids, dtype=np.int64), np.array(list(total.values())), len(ids))
