"""The FAISS index answers as a plain scan does."""

import faiss
import numpy as np
import pytest

from whorl.platform.errors import InputError
from whorl.retrieval.dense import DenseIndex
from whorl.retrieval.embed.base import Float32, normalise
from whorl.retrieval.hits import best

RANDOM = np.random.default_rng(7)
VECTORS = normalise(RANDOM.standard_normal((300, 16)))
IDS = (RANDOM.permutation(300) * 31_000_000_007 + 5).tolist()


def scan(vectors: Float32, ids: list[int], query: Float32, k: int) -> list[int]:
    return best(np.array(ids), vectors @ query, k).ids.tolist()


@pytest.fixture
def index() -> DenseIndex:
    filled = DenseIndex(16)
    filled.add(IDS, VECTORS)
    return filled


@pytest.mark.parametrize("k", [1, 10, 300, 1000])
def test_parity_with_a_scan(index: DenseIndex, k: int) -> None:
    for query in normalise(RANDOM.standard_normal((20, 16))):
        hits = index.search(query, k)
        assert hits.ids.tolist() == scan(VECTORS, IDS, query, k)
        expected = VECTORS[[IDS.index(i) for i in hits.ids]] @ query
        np.testing.assert_allclose(hits.scores, expected, atol=1e-5)


def test_parity_after_replacing_and_removing(index: DenseIndex) -> None:
    changed = VECTORS.copy()
    changed[:50] = normalise(RANDOM.standard_normal((50, 16)))
    index.add(IDS[:50], changed[:50])
    index.remove([*IDS[200:], 1])
    assert len(index) == 200
    for query in normalise(RANDOM.standard_normal((20, 16))):
        assert index.search(query, 12).ids.tolist() == scan(changed[:200], IDS[:200], query, 12)


def test_parity_among_allowed_ids(index: DenseIndex) -> None:
    allowed = np.array([*IDS[10:40], 1], dtype=np.int64)
    for query in normalise(RANDOM.standard_normal((20, 16))):
        expected = scan(VECTORS[10:40], IDS[10:40], query, 5)
        assert index.search(query, 5, allowed).ids.tolist() == expected
    assert len(index.search(VECTORS[0], 99, allowed).ids) == 30


def test_parity_of_the_copy_that_a_gpu_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU here: the copy is the flat index itself, so only the bookkeeping is real."""
    copies: list[int] = []

    def copy(resources: object, device: int, flat: faiss.Index) -> faiss.Index:
        copies.append(flat.ntotal)
        return flat

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", copy, raising=False)
    index = DenseIndex(16)
    index.add(IDS, VECTORS)
    for query in VECTORS[:5]:
        assert index.search(query, 9).ids.tolist() == scan(VECTORS, IDS, query, 9)
    index.remove(IDS[:100])
    assert index.search(VECTORS[0], 9).ids.tolist() == scan(VECTORS[100:], IDS[100:], VECTORS[0], 9)
    assert index.search(VECTORS[0], 2, np.array(IDS[100:110])).ids[0] in IDS[100:110]
    assert copies == [300, 200]


def test_empty() -> None:
    assert len(DenseIndex(4).search(np.ones(4, dtype=np.float32), 3).ids) == 0


def test_wrong_shapes_are_refused(index: DenseIndex) -> None:
    with pytest.raises(InputError):
        index.add([1], np.ones((1, 8), dtype=np.float32))
    with pytest.raises(InputError):
        index.add([1, 1], np.ones((2, 16), dtype=np.float32))
