"""Reciprocal rank fusion, by hand."""

import numpy as np

from whorl.retrieval.fuse import fuse
from whorl.retrieval.hits import Hits


def hits(*ids: int) -> Hits:
    return Hits(np.array(ids, dtype=np.int64), np.linspace(1, 0, len(ids)))


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    fused = fuse({"a": hits(1, 2), "b": hits(2, 3)}, k=60)
    assert fused.ids.tolist() == [2, 1, 3]
    np.testing.assert_allclose(fused.scores, [1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_weights_shift_the_order() -> None:
    assert fuse({"a": hits(1), "b": hits(2)}, {"a": 0.5}).ids.tolist() == [2, 1]


def test_ties_fall_to_the_smaller_id() -> None:
    assert fuse({"a": hits(9), "b": hits(4)}).ids.tolist() == [4, 9]


def test_nothing_to_fuse() -> None:
    assert fuse({"a": hits()}).ids.tolist() == []
