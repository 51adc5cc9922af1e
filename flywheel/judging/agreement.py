"""How far judges say what people say: agreement and Cohen's kappa on the runs that both judged."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..outcomes import MACHINES, in_force
from ..rows import BAD, GOOD
from ..statistics import cohen_kappa
from ..tables import Outcome
from .measure import Share

# What people say of a whole answer as a number; an edit or a comment is none.
SPOKEN = ("thumb", "score")
# A judge calls a run good above the middle of its scale; the middle itself is not good.
MIDDLE = 0.5


@dataclass(frozen=True)
class Agreement:
    """A judge beside the people: over the runs that both judged and that people found good or bad.

    ``both`` and ``neither`` are runs that judge and people call good, or not; ``judge_only`` and
    ``people_only`` those that one alone calls good.
    """

    source: str
    both: int
    judge_only: int
    people_only: int
    neither: int

    @property
    def agreed(self) -> Share:
        """Of the runs, those on which they say the same."""
        n = self.both + self.judge_only + self.people_only + self.neither
        return Share(self.both + self.neither, n)

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance: 1 is all, 0 is what a guesser reaches; None where it means nothing."""
        return cohen_kappa(self.both, self.judge_only, self.people_only, self.neither)

    def report(self) -> dict[str, Any]:
        """The agreement as JSON values."""
        agreed = self.agreed.report()
        return {
            "source": self.source, "runs": agreed["n"], "agreement": agreed["share"], "interval": agreed["interval"],
            "kappa": None if self.kappa is None else round(self.kappa, 4), "both_good": self.both,
            "judge_only": self.judge_only, "people_only": self.people_only, "neither": self.neither,
        }  # fmt: skip


async def agreements(session: AsyncSession, source: str | None = None) -> list[Agreement]:
    """Each judge of the tenant beside the people, or the one of a source; counted in the database.

    What several people say of a run is their mean by weight; between ``BAD`` and ``GOOD`` they do not
    agree among themselves, and the run is left out.
    """
    mean = func.sum(Outcome.value * Outcome.weight) / func.nullif(func.sum(Outcome.weight), 0)
    people = (
        select(Outcome.run_id, mean.label("value"))
        .where(Outcome.kind.in_(SPOKEN), in_force(), *(~Outcome.source.startswith(name) for name in MACHINES))
        .group_by(Outcome.run_id)
        .having((mean >= GOOD) | (mean <= BAD))
        .subquery()
    )
    judged = (
        select(Outcome.run_id, Outcome.source, func.avg(Outcome.value).label("value"))
        .where(Outcome.kind == "judge", *([Outcome.source == source] if source else []))
        .group_by(Outcome.run_id, Outcome.source)
        .subquery()
    )
    good: ColumnElement[bool] = judged.c.value > MIDDLE
    liked: ColumnElement[bool] = people.c.value >= GOOD
    rows = await session.execute(
        select(judged.c.source, good, liked, func.count())
        .join(people, people.c.run_id == judged.c.run_id)
        .group_by(judged.c.source, good, liked)
    )
    counts: dict[str, Counter[tuple[bool, bool]]] = {}
    for name, by_judge, by_people, count in rows:
        counts.setdefault(name, Counter())[by_judge, by_people] += count
    return [
        Agreement(name, found[True, True], found[True, False], found[False, True], found[False, False])
        for name, found in sorted(counts.items())
    ]
