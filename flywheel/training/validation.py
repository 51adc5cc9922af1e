"""Validation: rows of a dataset that a training is measured on and does not learn from.

They come out of the training rows, not out of the dataset's ``held_out.jsonl``: early stopping
chooses weights by them, and what the held-out rows are for, a measure of the adapter afterwards,
must not have chosen it. They are split by question group, as the dataset itself is, so that no
paraphrase and no other row of the same run is learnt.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

from ...platform.errors import InputError
from ..split import group_of
from .render import Row


def set_aside(
    rows: list[Row], share: float, seed: int, groups: dict[str, str]
) -> tuple[list[Row], list[Row]]:
    """``rows`` as (training, validation): about ``share`` of the question groups, one at least, are set aside.

    Rows are of one group where they share a run, the words of the question, or what ``groups`` says of their
    runs. Raises InputError where all rows are of one group.
    """
    names = _connected([list(_keys(row, groups)) for row in rows])
    ordered = sorted(set(names), key=lambda name: (hashlib.sha256(f"{seed}\0{name}".encode()).digest(), name))
    if len(ordered) < 2:
        raise InputError(
            f"The {len(rows)} rows are all of one question group, so that none can be set aside to evaluate on. "
            "Widen the selection, or leave evaluate_every out."
        )
    chosen = set(ordered[: min(max(1, math.floor(share * len(ordered))), len(ordered) - 1)])
    pairs = list(zip(rows, names, strict=True))
    return [row for row, name in pairs if name not in chosen], [row for row, name in pairs if name in chosen]


def _keys(row: Row, groups: dict[str, str]) -> Iterable[str]:
    question = group_of(_question(row))
    if question:
        yield f"question:{question}"
    for run in row["source"]:
        yield f"run:{run}"
        if run in groups:
            yield groups[run]


def _question(row: Row) -> str:
    """The last words of the user: in the prompt, or where that has none in the whole conversation."""
    for part in ("prompt", "messages", "chosen", "completion"):
        said = [str(m["content"]) for m in row.get(part, ()) if m["role"] == "user"]
        if said:
            return said[-1]
    return ""


def _connected(keys: list[list[str]]) -> list[str]:
    """Each row's group, named by the group's first key; rows with a key in common are of one group.

    >>> _connected([["a", "b"], ["c"], ["b", "d"], ["d"]])
    ['a', 'c', 'a', 'a']
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for row in keys:
        for key in row[1:]:
            first, other = sorted((root(row[0]), root(key)))
            parent[other] = first
    return [root(row[0]) for row in keys]


def last_evaluation() -> Any:
    """A trainer's callback that evaluates after the last step, too, so that every training is measured."""
    from transformers import TrainerCallback

    class Last(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step >= state.max_steps:
                control.should_evaluate = True

    return Last()
