"""Exact nearest neighbours by inner product with FAISS, on the GPU where there is one.

The index on the CPU holds the vectors, because FAISS cannot remove from an index on the GPU nor
restrict a search there; a GPU searches a copy that is renewed after changes.
"""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ..platform.errors import InputError, missing_extra
from .embed.base import Float32
from .hits import NO_HITS, Hits, best

_MOST_ON_GPU = 2048  # hits that one GPU search can give


class DenseIndex:
    """Vectors by int64 id. Scores are inner products: cosines where the vectors are unit length."""

    def __init__(self, dimension: int) -> None:
        self._faiss = _faiss()
        self._dimension = dimension
        self._index = self._faiss.IndexIDMap2(self._faiss.IndexFlatIP(dimension))
        self._resources = _gpu_resources(self._faiss)
        self._copy: Any = None
        self._ids: set[int] = set()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Sequence[int], vectors: Float32) -> None:
        """``vectors`` is ``[len(ids), dimension]``; an id already present is replaced."""
        rows = self._checked(vectors)
        if len(rows) != len(ids) or len(set(ids)) != len(ids):
            raise InputError(f"Got {len(rows)} vectors for {len(set(ids))} distinct ids of {len(ids)}.")
        with self._lock:
            self._remove(ids)
            self._index.add_with_ids(rows, np.asarray(ids, dtype=np.int64))
            self._ids.update(ids)
            self._copy = None

    def remove(self, ids: Iterable[int]) -> None:
        """Forget ``ids``; unknown ones are ignored."""
        with self._lock:
            self._remove(ids)

    def search(self, vector: Float32, k: int, allowed: npt.NDArray[np.int64] | None = None) -> Hits:
        """The ``k`` nearest of one query vector, among ``allowed`` ids where given."""
        row = self._checked(vector.reshape(1, -1))
        with self._lock:
            limit = min(k, len(self._ids) if allowed is None else len(allowed), len(self._ids))
            if limit <= 0:
                return NO_HITS
            if self._resources is not None and allowed is None and limit <= _MOST_ON_GPU:
                scores, ids = self._search_copy(row, limit)
            else:
                scores, ids = self._index.search(row, limit, params=self._parameters(allowed))
        found = ids[0] >= 0
        return best(ids[0][found], scores[0][found], k)

    def _search_copy(self, row: Float32, limit: int) -> tuple[Any, Any]:
        flat = self._faiss.downcast_index(self._index.index)
        if self._copy is None:
            self._copy = self._faiss.index_cpu_to_gpu(self._resources, 0, flat)
        scores, places = self._copy.search(row, limit)
        return scores, self._faiss.vector_to_array(self._index.id_map)[places]

    def _parameters(self, allowed: npt.NDArray[np.int64] | None) -> Any:
        if allowed is None:
            return None
        selector = self._faiss.IDSelectorBatch(np.ascontiguousarray(allowed, dtype=np.int64))
        return self._faiss.SearchParameters(sel=selector)

    def _remove(self, ids: Iterable[int]) -> None:
        present = [identity for identity in ids if identity in self._ids]
        if not present:
            return
        self._index.remove_ids(np.asarray(present, dtype=np.int64))
        self._ids.difference_update(present)
        self._copy = None

    def _checked(self, vectors: Float32) -> Float32:
        if vectors.ndim != 2 or vectors.shape[1] != self._dimension:
            raise InputError(f"Vectors have shape {vectors.shape}; the index holds {self._dimension}.")
        return np.ascontiguousarray(vectors, dtype=np.float32)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise missing_extra("faiss-cpu (or faiss-gpu)", "cpu") from error
    return faiss


def _gpu_resources(faiss: Any) -> Any:
    """None where FAISS was built without GPU or sees none."""
    if getattr(faiss, "get_num_gpus", lambda: 0)() == 0:
        return None
    return faiss.StandardGpuResources()
