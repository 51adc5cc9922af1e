"""Rehearsal: what the base does well is trained on along with what is new, so that it is not forgotten.

Rows of the base's former tasks are mixed into those of a dataset (experience replay, Rolnick et al. 2019,
arXiv 1811.11682). They come with the base, as ``rehearsal.jsonl`` in its folder, or from a file of one's own.
"""

from pathlib import Path
from random import Random
from typing import NamedTuple

from ...platform.errors import InputError
from ...platform.lines import read_records
from .render import Row

FILE = "rehearsal.jsonl"
# Share of the rows trained on where the base brings rows to rehearse and the recipe names no share.
SHARE = 0.5


class Pool(NamedTuple):
    """Rows on which an adapter is held: to the base, or to what its training begins as."""

    rows: list[Row]
    to_base: bool


def rehearsal_of(model_folder: Path, given: Path | None) -> Path | None:
    """The file of rows to rehearse: ``given``, or the one that the base brings, if any.

    Raises InputError where ``given`` is missing.
    """
    if given is not None:
        if not given.is_file():
            raise InputError(
                f"There is no file {given} of rows to rehearse. Correct WHORL_REHEARSAL or unset it."
            )
        return given
    brought = model_folder / FILE
    return brought if brought.is_file() else None


def rehearsed(count: int, file: Path | None, share: float | None, seed: int) -> list[Row]:
    """Rows to add to ``count`` others, so that they are a ``share`` of all; each is taken once before any twice.

    ``share`` None is ``SHARE`` where there is a file. Raises InputError for a share without a file, and for
    lines that are no rows of an sft dataset.
    """
    if file is None:
        if share:
            raise _nothing("--rehearse 0")
        return []
    part = SHARE if share is None else share
    wanted = round(count * part / (1 - part))
    rows, rng = read(file), Random(f"{seed}:rehearsal")
    taken: list[Row] = []
    while len(taken) < wanted:
        taken += rng.sample(rows, min(len(rows), wanted - len(taken)))
    return taken


def held_to(
    former: Path | None, kept: Path | None, weight: float | None, continued: bool = False
) -> list[Pool]:
    """The rows on which an adapter is held with a ``weight``: former tasks of the base, and what a dataset keeps.

    What a dataset keeps went well with the adapter that a training goes on with, if it does, and not with the base.
    None at 0, nor at None where there is neither file. Raises InputError for a weight without a file, and for lines
    that are no rows of an sft dataset.
    """
    files = [] if weight == 0 else [(former, True), (kept, not continued)]
    pools = [Pool(read(file), to_base) for file, to_base in files if file is not None]
    if weight and not pools:
        raise _nothing("--anchor 0")
    return [pool for pool in pools if pool.rows]


def _nothing(without: str) -> InputError:
    return InputError(
        f"There is nothing to rehearse: the base has no {FILE}. Name a file by WHORL_REHEARSAL, or train with {without}."
    )


def read(file: Path) -> list[Row]:
    """The rows of a file, with no source: they descend from no run. Raises InputError for a line that is none."""
    rows = []
    for record in read_records(str(file), plain=False):
        if not isinstance(record.fields.get("messages"), list):
            raise InputError(f"{record.where}: not a row to rehearse, which has messages and tools.")
        rows.append({"tools": [], **record.fields, "source": []})
    return rows
