"""The split: by question group, never by row, so that no held-out question was ever trained on."""

import hashlib
import re
from typing import Any

RULE = "sha256(seed, group) as a fraction below held_out"
_WORD = re.compile(r"\w+")
GROUP_TAG = "group:"


def group_of(question: str, tags: tuple[str, ...] = ()) -> str:
    """The group of a question: its ``group:…`` tag, or its words without case and punctuation.

    >>> group_of("How many days?") == group_of("how many  DAYS")
    True
    """
    for tag in tags:
        if tag.startswith(GROUP_TAG):
            return tag
    return " ".join(_WORD.findall(question.casefold()))


def remembers_held_out(row: dict[str, Any], seed: int, held_out: float) -> bool:
    """Whether a row that is trained on has a held-out question, and its answer, in what was said before its own."""
    if is_held_out(row["group"], seed, held_out):
        return False
    said = row.get("prompt") or row.get("messages") or []
    *before, _ = [message["content"] for message in said if message["role"] == "user"] or [""]
    return any(is_held_out(group_of(question), seed, held_out) for question in before)


def is_held_out(group: str, seed: int, held_out: float) -> bool:
    """Whether a group belongs to the held-out share; the same for the same seed, always."""
    digest = hashlib.sha256(f"{seed}\0{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < held_out
