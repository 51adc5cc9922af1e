"""BM25 with exactly the scores of rank-bm25's ``BM25Okapi``, over postings that can change.

Term frequencies are kept per term, and the weights that depend on the whole collection (inverse
document frequency, mean length) are worked out at the first query after a change. A query then
touches only the postings of its own terms.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from .hits import Hits, best

Words = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Okapi:
    """Parameters and defaults of rank-bm25; ``epsilon`` times the mean replaces a negative idf."""

    k1: float = 1.5
    b: float = 0.75
    epsilon: float = 0.25


@dataclass(frozen=True)
class _Weights:
    """What a change invalidates. ``idf`` by term, ``norm`` and ``alive`` by slot."""

    idf: npt.NDArray[np.float64]
    norm: npt.NDArray[np.float64]
    alive: npt.NDArray[np.bool_]


class LexicalIndex:
    """Robertson and Zaragoza 2009 as rank-bm25 computes it (https://github.com/dorianbrown/rank_bm25).

    A removed text leaves its slot behind; slots are reclaimed once they are the majority.
    """

    def __init__(self, words: Words, okapi: Okapi = Okapi()) -> None:
        self._words = words
        self._okapi = okapi
        self._lock = Lock()
        self._clear()

    def _clear(self) -> None:
        self._terms: dict[str, int] = {}
        self._slots: list[array[int]] = []  # by term: the slots whose text holds it
        self._counts: list[array[int]] = []  # by term: how often, in the order of _slots
        self._document_frequency: array[int] = array("q")
        self._forward: list[array[int]] = []  # by slot: its distinct terms
        self._length: array[int] = array("q")  # by slot: words, or -1 once removed
        self._ids: array[int] = array("q")
        self._slot_of: dict[int, int] = {}
        self._weights: _Weights | None = None

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Index ``texts``; an id already present is replaced."""
        with self._lock:
            self._remove(ids)
            for identity, text in zip(ids, texts, strict=True):
                self._append(identity, self._words(text))
            self._weights = None

    def remove(self, ids: Iterable[int]) -> None:
        """Forget ``ids``; unknown ones are ignored."""
        with self._lock:
            self._remove(ids)
            if len(self._ids) > 1024 and len(self._slot_of) * 2 < len(self._ids):
                self._compact()
            self._weights = None

    def search(self, query: str, k: int, allowed: npt.NDArray[np.int64] | None = None) -> Hits:
        """The ``k`` best texts that hold a word of ``query``, among ``allowed`` ids where given."""
        with self._lock:
            scores, matched = self._score(self._words(query))
            if allowed is not None:
                matched &= self._mask(allowed)
            slots = np.flatnonzero(matched)
            return best(np.array(self._ids, dtype=np.int64)[slots], scores[slots], k)

    def scores(self, query: str, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """The score of each of ``ids``, 0 for one that is unknown."""
        with self._lock:
            scores, _ = self._score(self._words(query))
            slots = [self._slot_of.get(identity, -1) for identity in ids]
            return np.array([scores[slot] if slot >= 0 else 0.0 for slot in slots])

    def rarity(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """Lucene's idf of already prepared words: always above 0, largest for unknown ones."""
        with self._lock:
            known = [self._terms.get(word, -1) for word in words]
            held = [self._document_frequency[term] if term >= 0 else 0 for term in known]
            total = len(self._slot_of)
        frequency = np.array(held, dtype=np.float64)
        return np.asarray(np.log1p((total - frequency + 0.5) / (frequency + 0.5)))

    def _append(self, identity: int, words: Sequence[str]) -> None:
        slot = len(self._ids)
        counts = Counter(words)
        terms: array[int] = array("i")
        for word, count in counts.items():
            term = self._terms.setdefault(word, len(self._slots))
            if term == len(self._slots):
                self._slots.append(array("i"))
                self._counts.append(array("i"))
                self._document_frequency.append(0)
            self._slots[term].append(slot)
            self._counts[term].append(count)
            self._document_frequency[term] += 1
            terms.append(term)
        self._forward.append(terms)
        self._length.append(len(words))
        self._ids.append(identity)
        self._slot_of[identity] = slot

    def _remove(self, ids: Iterable[int]) -> None:
        for identity in ids:
            slot = self._slot_of.pop(identity, None)
            if slot is None:
                continue
            for term in self._forward[slot]:
                self._document_frequency[term] -= 1
            self._forward[slot] = array("i")
            self._length[slot] = -1

    def _compact(self) -> None:
        """Rebuild the postings without removed slots and without terms that no text holds."""
        names, slots, counts = list(self._terms), self._slots, self._counts
        kept = sorted(self._slot_of.values())
        renumbered = {old: new for new, old in enumerate(kept)}
        ids, lengths = [self._ids[slot] for slot in kept], [self._length[slot] for slot in kept]
        self._clear()
        self._ids, self._length = array("q", ids), array("q", lengths)
        self._slot_of = {identity: slot for slot, identity in enumerate(ids)}
        self._forward = [array("i") for _ in ids]
        for name, old_slots, old_counts in zip(names, slots, counts, strict=True):
            pairs = [
                (renumbered[slot], count)
                for slot, count in zip(old_slots, old_counts, strict=True)
                if slot in renumbered
            ]
            if not pairs:
                continue
            term = self._terms[name] = len(self._slots)
            self._slots.append(array("i", [slot for slot, _ in pairs]))
            self._counts.append(array("i", [count for _, count in pairs]))
            self._document_frequency.append(len(pairs))
            for slot, _ in pairs:
                self._forward[slot].append(term)

    def _current(self) -> _Weights:
        if self._weights is None:
            self._weights = self._weigh()
        return self._weights

    def _weigh(self) -> _Weights:
        length = np.array(self._length, dtype=np.float64)
        alive = length >= 0
        total = len(self._slot_of)
        frequency = np.array(self._document_frequency, dtype=np.float64)
        idf = np.zeros_like(frequency)
        held = frequency > 0
        if held.any():
            idf[held] = np.log(total - frequency[held] + 0.5) - np.log(frequency[held] + 0.5)
            idf[held & (idf < 0)] = self._okapi.epsilon * float(idf[held].mean())
        mean_length = float(length[alive].sum()) / total if total else 0.0
        relative = length / mean_length if mean_length else np.zeros_like(length)
        norm = self._okapi.k1 * (1 - self._okapi.b + self._okapi.b * relative)
        return _Weights(idf, norm, alive)

    def _score(self, words: Sequence[str]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Scores and which slots hold a word, both by slot; a repeated word counts each time."""
        weights = self._current()
        scores = np.zeros(len(self._ids))
        matched = np.zeros(len(self._ids), dtype=bool)
        for word in words:
            term = self._terms.get(word)
            if term is None:
                continue
            slots = np.array(self._slots[term], dtype=np.int32)
            counts = np.array(self._counts[term], dtype=np.float64)
            gain = weights.idf[term] * (self._okapi.k1 + 1)
            scores[slots] += gain * counts / (counts + weights.norm[slots])
            matched[slots] = True
        matched &= weights.alive
        return scores, matched

    def _mask(self, allowed: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        mask = np.zeros(len(self._ids), dtype=bool)
        mask[[self._slot_of[i] for i in allowed.tolist() if i in self._slot_of]] = True
        return mask
