"""Sentences from patterns: ``[this|that]`` chooses, ``{slot}`` is filled from a list of words."""

import re
from collections.abc import Mapping, Sequence
from random import Random

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z]+)\}")
# Square brackets that are meant as such.
_LITERAL = str.maketrans("⟦⟧", "[]")

Lists = Mapping[str, Sequence[str]]


def expand(pattern: str, lists: Lists, rng: Random) -> str:
    """One sentence of ``pattern``; slots may hold patterns themselves, to a depth of four.

    >>> expand("[Hi|Hello] {name}", {"name": ["Ada"]}, Random(0))
    'Hello Ada'
    """
    for _ in range(4):
        pattern = _SLOT.sub(lambda found: rng.choice(lists[found[1]]), pattern)
        while "[" in pattern and _CHOICE.search(pattern):
            pattern = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), pattern)
        if not _SLOT.search(pattern):
            break
    return re.sub(r" {2,}", " ", pattern.translate(_LITERAL)).strip()
