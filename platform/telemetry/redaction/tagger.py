"""A small network over words: which belong to a name, judged by themselves and five neighbours a side.

A word is MiniLM's input vectors of its pieces, its affixes and shape, and the lists that it is in,
all projected to ``WIDTH`` numbers; two convolutions look at neighbours (Collobert et al. 2011,
https://arxiv.org/abs/1103.0398). It runs in numpy: what depends on the word alone is computed once
a word and kept, so that a text costs a gather, a sum and one small matrix product.
"""

import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .words import Float32, Int64, Look, Pieces, Words, look_at, piece_vectors, split_words

WEIGHTS = Path(__file__).with_name("names.npz")
WIDTH = 64
SECOND = 32
# Words looked at on each side by the first and the second convolution.
NEAR, FAR = 3, 2
# Texts are laid end to end with so many empty words between them.
GAP = NEAR + FAR
# How a text uses capitals: none at all, as usual, nearly only.
CASES = 3
# Distinct words whose projections are kept; about 30 MB.
_KEPT = 16_384
Counts = npt.NDArray[np.float64 | np.int64]
# The lists of first and family names, of these and places, and that of ordinary words, as bits.
_PERSONS, _NAMED, _ORDINARY = 3, 7, 16
# Everyday words that are in the lists of names.
_EVERYDAY = frozenset(
    "ash august autumn date baker bank banks barber bay bell best bill bishop black bloom blue bond booth bowl branch bridge brook "
    "brown buck burn bush butcher butler camp cannon carpenter carter case cash chance chase church clay cliff close coach "
    "coal cole cook crane cross dale dawn day dean dollar drew drum duke earl east english faith farmer field fields fish fisher "
    "flower flowers ford forest fox frank free french frost gate gay gene gentle glass gold good grace grant gray green ground "
    "guy hall hand harbor hardy harper hay head heart heath hill hills holiday holly hood hope house hunt hunter ivy jack "
    "jay joy june justice kay key king knight lake lamb land lane law leaf lily lion little lock long love major mark marks "
    "marsh mason may mercy miles mill miller mills moody moon moss noble north oak olive page pages paige park parks pearl penny "
    "pepper pike pine plant pope porter post potter pound powers price prince queen rain ray reader reed rice rich rise rob "
    "robin rock rocks root rose ruby rush rust sage sales salt sandy savage seal sharp shepherd short silver singer skinner "
    "small smart smith snow song sparks spear spring star steel stone strong summer summers swan swift taylor temple tiger "
    "turner underwood vine violet walker wall ward warden waters weaver webb wells west wheeler white wild will wind winter wise "
    "wolf wood woods worth wright young".split()
)
# No word holds it: it stands between texts.
_BETWEEN = "\0" * GAP


class Network(NamedTuple):
    """Weights. ``near`` [2 * NEAR + 1, WIDTH, WIDTH] takes the word's projection, ``far`` what comes of it."""

    vectors: Float32  # [384, WIDTH]
    buckets: Float32  # [BUCKETS, WIDTH]
    lists: Float32  # [2 ** LISTS, WIDTH]
    near: Float32
    cases: Float32  # [CASES, WIDTH], added where the first convolution ends
    far: Float32  # [2 * FAR + 1, WIDTH, SECOND]
    far_bias: Float32
    out: Float32  # [WIDTH + SECOND, kinds]
    out_bias: Float32
    list_hashes: Int64  # sorted
    list_bits: Int64


class Tagged(NamedTuple):
    """Words of texts laid end to end, the text each is of, and the probabilities of its kinds.

    ``starts`` is where each text starts among the words' ends.
    """

    words: Words
    texts: Int64
    starts: Int64
    probabilities: Float32  # [t, kinds]


def case_of(letters: Counts, upper: Counts, whole: Counts) -> Int64:
    """How texts use capitals, from counts of words: of letters, with a capital, of capitals only."""
    nearly_only = (2 * whole > letters) | ((upper > 5) & (4 * upper > 3 * letters))
    cases: Int64 = np.where(upper == 0, 0, np.where(nearly_only, 2, 1))
    return cases


class Weights(NamedTuple):
    """The network, and what it makes of MiniLM's pieces: their input vectors projected, [30522, WIDTH]."""

    network: Network
    pieces: Float32


@cache
def weights_in(file: Path) -> Weights:
    """The weights of a file, which a process has once."""
    with np.load(file) as stored:
        whole = {"list_hashes", "list_bits"}
        network = Network(**{
            name: stored[name].astype(np.int64 if name in whole else np.float32) for name in Network._fields
        })  # fmt: skip
    pieces: Float32 = piece_vectors() @ network.vectors
    pieces[0] = 0
    return Weights(network, pieces)


class Tagger:
    """Tags texts; the weights are read at first use."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._path = weights
        self._pieces = Pieces()
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._near = np.zeros((2 * NEAR + 1, 0, WIDTH), np.float32)  # [offsets, words, WIDTH]
        self._capitals = np.zeros((3, 0), np.float64)

    @property
    def network(self) -> Network:
        """The weights."""
        return weights_in(self._path).network

    def tag(self, texts: list[str]) -> Tagged:
        """Words of all texts, end to end, with their probabilities."""
        words = split_words(_BETWEEN + _BETWEEN.join(text.replace("\0", " ") for text in texts) + _BETWEEN)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        starts = GAP + np.concatenate([[0], np.cumsum(lengths + GAP)[:-1]])
        owners = np.maximum(np.searchsorted(starts, words.ends) - 1, 0)
        with self._lock:
            probabilities = self._run(words.raw, owners, len(texts))
        return Tagged(words, owners, starts, probabilities)

    def is_persons(self, word: str) -> bool:
        """Whether a word is in the lists of first names or family names."""
        return bool(int(self._lists_of([look_at(word)])[0]) & _PERSONS)

    def is_ordinary(self, word: str) -> bool:
        """Whether a word is known, and in no list of first names, family names or places."""
        lists = int(self._lists_of([look_at(word)])[0])
        return not lists & _NAMED and bool(lists & _ORDINARY or not self._pieces.of(word)[1])

    def is_word(self, word: str) -> bool:
        """Whether a word is an ordinary one, whatever names it is, too."""
        return word in _EVERYDAY or self.is_ordinary(word)

    def _run(self, raw: list[str], owners: Int64, texts: int) -> Float32:
        """Probabilities of words laid end to end; the gaps' words are surely of no kind."""
        network = self.network
        self._learn(set(raw))
        rows = np.fromiter(map(self._rows.__getitem__, raw), np.int64, len(raw))
        counts: list[Counts] = [np.bincount(owners, each[rows], texts) for each in self._capitals]
        first = network.cases[case_of(*counts)[owners]]
        _add_rows(first, self._near, rows)
        np.maximum(first, 0, out=first)
        gaps = rows == 0
        first[gaps] = 0
        wide = first @ network.far.transpose(1, 0, 2).reshape(WIDTH, -1)
        second = np.tile(network.far_bias, (len(first), 1))
        _add_neighbours(second, wide.reshape(len(first), 2 * FAR + 1, SECOND).transpose(1, 0, 2))
        np.maximum(second, 0, out=second)
        logits = first @ network.out[:WIDTH] + second @ network.out[WIDTH:] + network.out_bias
        weights = np.exp(logits - _greatest(logits))
        weights[gaps, 1:] = 0
        result: Float32 = weights / (weights @ np.ones((logits.shape[1], 1), np.float32))
        return result

    def _learn(self, raw: set[str]) -> None:
        """Compute what the network needs of each word that is not known yet."""
        new = sorted(raw - self._rows.keys())
        if len(self._rows) + len(new) > _KEPT or not self._rows:
            self._rows = {"": 0, "\0": 0}
            new = sorted(raw - self._rows.keys())
            size = max(_KEPT, len(new)) + 2
            self._near = np.zeros((2 * NEAR + 1, size, WIDTH), np.float32)
            self._capitals = np.zeros((3, size), np.float64)
        if not new:
            return
        start, end = len(self._rows), len(self._rows) + len(new)
        looks = [look_at(word) for word in new]
        projected = self.project(new, looks)
        for offset, weights in enumerate(self.network.near):
            self._near[offset, start:end] = projected @ weights
        self._capitals[:, start:end] = np.array([look.capitals for look in looks]).T
        self._rows.update(zip(new, range(start, end), strict=True))

    def project(self, raw: list[str], looks: list[Look]) -> Float32:
        """The words' projections, [n, WIDTH]."""
        network = self.network
        pieces = np.array([self._pieces.of(word) for word in raw])
        counts = np.maximum((pieces > 0).sum(axis=1, keepdims=True), 1)
        features = np.array([look.features for look in looks])
        projected: Float32 = weights_in(self._path).pieces[pieces].sum(axis=1) / counts.astype(np.float32)
        projected += network.buckets[features].sum(axis=1)
        projected += network.lists[self._lists_of(looks)]
        return projected

    def _lists_of(self, looks: list[Look]) -> Int64:
        """The lists that each word is in, as bits below ``2 ** LISTS``."""
        network = self.network
        hashes = np.fromiter((look.hash for look in looks), np.int64, len(looks))
        at = np.minimum(np.searchsorted(network.list_hashes, hashes), len(network.list_hashes) - 1)
        bits: Int64 = np.where(network.list_hashes[at] == hashes, network.list_bits[at], 0)
        return bits


def _greatest(values: Float32) -> Float32:
    """The greatest of each row, [n, 1]: many times faster than numpy's own along so short an axis."""
    greatest = values[:, 0].copy()
    for column in values.T[1:]:
        np.maximum(greatest, column, out=greatest)
    return greatest[:, None]


def _add_rows(to: Float32, tables: Float32, rows: Int64) -> None:
    """As :func:`_add_neighbours` of the tables' rows, one table at a time, so that what is added stays in the cache."""
    given = np.empty_like(to)
    for number, own, beside in _shifted(len(tables), len(to)):
        # "clip" since "raise" copies once more; no row is out of the table.
        to[own] += tables[number].take(rows[beside], axis=0, out=given[own], mode="clip")


def _add_neighbours(to: Float32, by_offset: npt.NDArray[np.float32]) -> None:
    """Add to each word what its neighbours, from left to right, give it: ``by_offset`` [offsets, n, width]."""
    for number, own, beside in _shifted(len(by_offset), len(to)):
        to[own] += by_offset[number, beside]


def _shifted(offsets: int, words: int) -> Iterator[tuple[int, slice, slice]]:
    """Of each offset, the leftmost first, the words that have a neighbour there, and those neighbours."""
    for number, offset in enumerate(range(-(offsets // 2), offsets // 2 + 1)):
        low, high = max(0, -offset), words - max(0, offset)
        if low < high:
            yield number, slice(low, high), slice(low + offset, high + offset)
