"""Curation: no run whose question an evaluation asks, none that nearly repeats another, nobody who decides alone."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.errors import InputError
from .contamination import Contamination
from .outcomes import Opinion, is_person
from .questions import questions
from .rows import GOOD
from .sketches import Sketches
from .split import group_of
from .trajectory import Trajectory

EVALUATION_TAG = "evaluation"
REPEATED = "near duplicate"
ONE_VOICE = "one person would decide too much"
# The largest share of the runs that may rest on one person's word alone.
MOST_OF_ONE = 0.5
# Formats of which a row is one run; pairs and groups are made of runs that resemble each other.
SINGLE = ("sft", "kto")


class Voiced(Protocol):
    """Whatever was judged."""

    @property
    def outcomes(self) -> Sequence[Opinion]: ...


async def evaluation_questions(
    session: AsyncSession, as_of: datetime, *, failed: bool = True, marks: bool = True
) -> set[str]:
    """The words of every question that evaluations of the tenant had asked by ``as_of``, in ``failed`` runs as well."""
    evaluated = Run.tags.contains([EVALUATION_TAG]), Run.started_at <= as_of
    return {
        group_of(question, marks=marks) async for question in questions(session, *evaluated, failed=failed)
    }


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


def sole_source(run: Voiced) -> str | None:
    """The person on whose word alone a run is in the dataset, or None where others or programs agree."""
    first, *others = {o.source for o in run.outcomes if o.kind != "comment"} or {""}
    return first if first and not others and is_person(first) else None


class Balance:
    """Keeps one person from deciding more than the share ``most`` of what was judged.

    First ``count`` everything, then ask of everything in the same order whether it is to go. Where
    fewer than three people judge, or for a share of 1, nobody's share is cut. Of those who say too
    much, the earliest stays.
    """

    def __init__(self, most: float) -> None:
        self.most = most
        self._people: set[str] = set()
        self._by_person: Counter[str] = Counter()
        self._passed: Counter[str] = Counter()
        self._all = 0

    def count(self, run: Voiced) -> None:
        """Take note of who judged a run."""
        self._all += 1
        self._people.update(o.source for o in run.outcomes if is_person(o.source))
        if source := sole_source(run):
            self._by_person[source] += 1

    @property
    def applies(self) -> bool:
        """Whether anybody's share may be cut."""
        return len(self._people) >= 3 and self.most < 1

    def silences(self, run: Voiced) -> bool:
        """Whether a run rests on the word of somebody who has said enough."""
        source = sole_source(run) if self.applies else None
        if not source:
            return False
        others = self._all - self._by_person[source]
        if self._passed[source] >= max(1, int(others * self.most / (1 - self.most))):
            return True
        self._passed[source] += 1
        return False


class Curator:
    """Says of each run in turn why it is left out; use as a context.

    ``near_duplicates`` is the estimated Jaccard similarity of the shingles of two runs (MinHash of
    128 permutations, so give or take 0.05) from which the later one repeats the earlier, or None.
    Runs that went well are compared with such runs alone, and the others with each other.
    """

    def __init__(self, contamination: Contamination, near_duplicates: float | None = None) -> None:
        self._contamination = contamination
        self._sketches = None if near_duplicates is None else Sketches(near_duplicates)

    def refusal(self, run: Trajectory) -> str:
        """The reason, or an empty text."""
        if asked := self._contamination.refusal(run):
            return asked
        return REPEATED if self._sketches is not None and self._repeats(run, self._sketches) else ""

    def _repeats(self, run: Trajectory, sketches: Sketches) -> bool:
        good = run.edit is not None or (run.reward is not None and run.reward >= GOOD)
        said = " ".join(
            str(m.get("content") or "") for m in run.messages if m["role"] in ("user", "assistant")
        )
        return sketches.repeats(f"{said} {run.edit or ''}", "good" if good else "bad")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sketches is not None:
            self._sketches.close()
