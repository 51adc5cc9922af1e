"""Curation: no run whose question an evaluation asks, none that nearly repeats another, nobody who decides alone."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from datasketch import MinHash, MinHashLSH
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.errors import InputError
from .outcomes import Opinion, is_person
from .rows import GOOD
from .split import group_of
from .trajectory import Trajectory, trajectories

EVALUATION_TAG = "evaluation"
CONTAMINATED = "contaminated: an evaluation asks it"
REPEATED = "near duplicate"
ONE_VOICE = "one person would decide too much"
# The largest share of the runs that may rest on one person's word alone.
MOST_OF_ONE = 0.5
# Formats of which a row is one run; pairs and groups are made of runs that resemble each other.
SINGLE = ("sft", "kto")
_WORD = re.compile(r"\w+")
_SHINGLE = 3
_PERMUTATIONS = 128


class Voiced(Protocol):
    """Whatever was judged."""

    @property
    def outcomes(self) -> Sequence[Opinion]: ...


_Voiced = TypeVar("_Voiced", bound=Voiced)


async def evaluation_questions(session: AsyncSession, as_of: datetime) -> set[str]:
    """The words of every question that evaluations of the tenant had asked by ``as_of``."""
    evaluated = Run.tags.contains([EVALUATION_TAG])
    runs = await session.scalars(select(Run.id).where(evaluated, Run.started_at <= as_of).order_by(Run.id))
    return {group_of(run.question) async for run in trajectories(session, list(runs), as_of)}


def check_threshold(format: str, near_duplicates: float | None) -> None:
    """Raises InputError for a similarity that cannot be, or a format that is made of similar runs."""
    if near_duplicates is None:
        return
    if not 0.5 <= near_duplicates <= 1:
        raise InputError(
            f"Near duplicates are left out from a similarity of 0.5 to 1, not {near_duplicates}."
        )
    if format not in SINGLE:
        raise InputError(
            f"Near duplicates are left out of {' and '.join(SINGLE)}; {format} is made of attempts alike."
        )


def shingles(text: str) -> set[str]:
    """Every three words in a row, without case and punctuation; of fewer words, these.

    >>> sorted(shingles("The office closes at 18:00."))
    ['at 18 00', 'closes at 18', 'office closes at', 'the office closes']
    """
    words = _WORD.findall(text.casefold())
    return {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}


def sole_source(run: Voiced) -> str | None:
    """The person on whose word alone a run is in the dataset, or None where others or programs agree."""
    first, *others = {o.source for o in run.outcomes if o.kind != "comment"} or {""}
    return first if first and not others and is_person(first) else None


def balanced(runs: list[_Voiced], most: float) -> tuple[list[_Voiced], int]:
    """The runs without those by which one person would decide more than the share ``most``, and how many went.

    Where fewer than three people judge, or for a share of 1, nobody's share is cut. Of those who say too much, the
    earliest runs stay.
    """
    people = {o.source for run in runs for o in run.outcomes if is_person(o.source)}
    if len(people) < 3 or most >= 1:
        return runs, 0
    by_person = Counter(source for source in map(sole_source, runs) if source)
    kept, counted = [], Counter[str]()
    for run in runs:
        source = sole_source(run)
        if source:
            others = len(runs) - by_person[source]
            if counted[source] >= max(1, int(others * most / (1 - most))):
                continue
            counted[source] += 1
        kept.append(run)
    return kept, len(runs) - len(kept)


@dataclass
class Curator:
    """Says of each run in turn why it is left out.

    ``near_duplicates`` is the estimated Jaccard similarity of the shingles of two runs (MinHash of
    128 permutations, so give or take 0.05) from which the later one repeats the earlier, or None.
    Runs that went well are compared with such runs alone, and the others with each other.
    """

    asked: set[str]
    near_duplicates: float | None = None
    _seen: dict[bool, MinHashLSH] = field(default_factory=dict)

    def refusal(self, run: Trajectory) -> str:
        """The reason, or an empty text."""
        if group_of(run.question) in self.asked:
            return CONTAMINATED
        return REPEATED if self.near_duplicates is not None and self._repeats(run) else ""

    def _repeats(self, run: Trajectory) -> bool:
        good = run.edit is not None or (run.reward is not None and run.reward >= GOOD)
        index = self._seen.setdefault(good, MinHashLSH(self.near_duplicates, _PERMUTATIONS))
        said = " ".join(
            str(m.get("content") or "") for m in run.messages if m["role"] in ("user", "assistant")
        )
        sketch = MinHash(_PERMUTATIONS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in shingles(f"{said} {run.edit or ''}")])
        if index.query(sketch):
            return True
        index.insert(str(run.run_id), sketch)
        return False
