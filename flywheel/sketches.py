"""Texts that resemble others: shingles, MinHash, and the bands by which like texts are found without comparing all."""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b

_WORD = re.compile(r"\w+")
_SHINGLE = 3
_PERMUTATIONS = 128
Bands = Sequence[tuple[int, int]]


def shingles(text: str) -> set[str]:
    """Every three words in a row, without case and punctuation; of fewer words, these.

    >>> sorted(shingles("The office closes at 18:00."))
    ['at 18 00', 'closes at 18', 'office closes at', 'the office closes']
    """
    words = _WORD.findall(text.casefold())
    return {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}


def bands(similarity: float, misses: float = 0.5) -> list[tuple[int, int]]:
    """The ranges of hash values that make a text resemble another; near 1 one range of all of them.

    ``misses``, from 0 to 1, is how much worse a miss is than a text that is found for nothing.
    """
    from datasketch import MinHashLSH  # slow to load, for whom it does nothing

    try:
        found = MinHashLSH(similarity, _PERMUTATIONS, weights=(round(1 - misses, 6), misses))
        return [(start, end) for start, end in found.hashranges]
    except ValueError:  # It makes two at least.
        return [(0, _PERMUTATIONS)]


def band_keys(parts: Iterable[str], kind: str, ranges: Bands) -> list[bytes]:
    """The keys of a text of such ``parts``, one a band: texts of one ``kind`` that share one are alike."""
    from datasketch import MinHash

    sketch = MinHash(_PERMUTATIONS, seed=1)
    sketch.update_batch([part.encode() for part in parts])
    return [
        blake2b(f"{kind}:{start}:".encode() + sketch.hashvalues[start:end].tobytes(), digest_size=12).digest()
        for start, end in ranges
    ]


class Sketches:
    """Which texts resemble one that was seen: MinHash with banding, the bands on disk.

    The bands are those that datasketch chooses for ``similarity``; a private database that SQLite
    keeps in a temporary file holds them, so that memory stays bounded.
    """

    def __init__(self, similarity: float) -> None:
        self._bands = bands(similarity)
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.execute("CREATE TABLE seen (band BLOB PRIMARY KEY) WITHOUT ROWID")
        self._base.execute("BEGIN")

    def repeats(self, text: str, kind: str) -> bool:
        """Whether ``text`` resembles an earlier one of its ``kind``; if not, it is seen from now on."""
        keys = band_keys(shingles(text), kind, self._bands)
        asked = f"SELECT 1 FROM seen WHERE band IN ({', '.join('?' * len(keys))}) LIMIT 1"
        if self._base.execute(asked, keys).fetchone():
            return True
        self._base.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((key,) for key in keys))
        return False

    def close(self) -> None:
        """Remove what was kept."""
        self._base.close()
