"""How far a judge agrees with people about the same runs."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..outcomes import is_person, reward_of
from ..statistics import wilson_interval
from ..tables import Outcome

# From what worth on a run counts as good.
GOOD = 0.5


def kappa(pairs: Iterable[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two raters: agreement beyond chance, 1 at most (Cohen 1960); 0 where there is no choice.

    >>> kappa([(True, True), (False, False)]), kappa([(True, False), (False, True)])
    (1.0, -1.0)
    """
    rated = list(pairs)
    n = len(rated)
    if n == 0:
        return 0.0
    agreed = sum(a == b for a, b in rated) / n
    first, second = sum(a for a, _ in rated) / n, sum(b for _, b in rated) / n
    chance = first * second + (1 - first) * (1 - second)
    return 0.0 if chance == 1 else (agreed - chance) / (1 - chance)


async def agreement(session: AsyncSession, source: str) -> dict[str, Any]:
    """The judge ``source`` against the people of the same runs: how many, agreement with interval, kappa."""
    judged: dict[uuid.UUID, list[Outcome]] = {}
    people: dict[uuid.UUID, list[Outcome]] = {}
    ours = select(Outcome.run_id).where(Outcome.source == source)
    for outcome in await session.scalars(select(Outcome).where(Outcome.run_id.in_(ours))):
        if outcome.source == source:
            judged.setdefault(outcome.run_id, []).append(outcome)
        elif is_person(outcome.source):
            people.setdefault(outcome.run_id, []).append(outcome)
    rated = []
    for run, said in judged.items():
        worth, theirs = reward_of(said), reward_of(people.get(run, ()))
        if worth is not None and theirs is not None:
            rated.append((worth >= GOOD, theirs >= GOOD))
    agreed = sum(a == b for a, b in rated)
    low, high = wilson_interval(agreed, len(rated))
    return {
        "judge": source, "judged": len(judged), "with_people": len(rated),
        "agreement": round(agreed / len(rated), 4) if rated else None,
        "interval": [round(low, 4), round(high, 4)], "kappa": round(kappa(rated), 4),
    }  # fmt: skip
