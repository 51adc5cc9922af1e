"""The split: by question group, never by row, so that no held-out question was ever trained on."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from typing import Any

from ..retrieval.words import WORD

RULE = "sha256(seed, group) as a fraction below held_out"
_UNMARKED = re.compile(r"\w+")
GROUP_TAG = "group:"


def group_of(question: str, tags: tuple[str, ...] = (), *, marks: bool = True) -> str:
    """The group of a question: its ``group:…`` tag, or its words without case and punctuation.

    ``marks``: signs that combine with letters, as the vowels of Hindi do, are part of words. By rules before 8 they were not.

    >>> group_of("How many days?") == group_of("how many  DAYS")
    True
    >>> [group_of("दिन", marks=marks) == group_of("दान", marks=marks) for marks in (True, False)]
    [False, True]
    """
    for tag in tags:
        if tag.startswith(GROUP_TAG):
            return tag
    if not marks:
        return " ".join(_UNMARKED.findall(question.casefold()))
    return " ".join(WORD.findall(unicodedata.normalize("NFC", question.casefold())))


def remembers_held_out(
    row: dict[str, Any],
    seed: int,
    held_out: float,
    there: Collection[str] | None = None,
    *,
    marks: bool = True,
) -> bool:
    """Whether a row that is trained on has a held-out question, and its answer, in what was said before its own.

    ``there``: the groups that are held out of the runs that rows are made of; what somebody said within a conversation
    need be no question of any. By rules before 9 (None) it was held out as if it were one.
    """
    if is_held_out(row["group"], seed, held_out):
        return False
    said = row.get("prompt") or row.get("messages") or []
    *before, _ = [message["content"] for message in said if message["role"] == "user"] or [""]
    groups = (group_of(question, marks=marks) for question in before)
    if there is not None:
        return any(group in there for group in groups)
    return any(is_held_out(group, seed, held_out) for group in groups)


def is_held_out(group: str, seed: int, held_out: float) -> bool:
    """Whether a group belongs to the held-out share; the same for the same seed, always."""
    digest = hashlib.sha256(f"{seed}\0{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < held_out
