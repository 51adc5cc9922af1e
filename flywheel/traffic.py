"""What an adapter's runs of live traffic took and earned, beside those that the base answered.

Not paired and not drawn by lot: other questions, other people, another time. A canary or an evaluation
on the same questions says more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.names import SHADOW_TAG
from ..agents.tables import Run
from .curate import EVALUATION_TAG
from .outcomes import opinions_of, reward_of
from .statistics import difference_of_means, difference_of_shares
from .value import DIGITS

LABEL = "live traffic, not paired"
# The latest runs of a side that are read.
MOST = 2000


@dataclass(frozen=True)
class Side:
    """The runs of one side: of each its tokens, seconds, and dollars where known; of each judged conversation its worth."""

    measures: dict[str, list[float]]
    worth: list[float]

    @property
    def runs(self) -> int:
        return len(self.measures["tokens"])


async def live_ledger(session: AsyncSession, adapter: str) -> dict[str, Any]:
    """By measure the means of base and adapter, their difference and its 95 % interval, over the latest runs of each.

    Base runs are those of the same agents and base model, the newest ``MOST``; evaluations and shadows count on
    no side. ``success`` is the mean worth of judged conversations, a failed run being worth 0. A measure of
    fewer than two runs of a side is left out.
    """
    own = Run.adapter == adapter
    answered = (await session.execute(select(Run.agent, Run.model).where(own).distinct())).all()
    alike = Run.agent.in_({row.agent for row in answered}), Run.model.in_({row.model for row in answered})
    after = await _side(session, own)
    before = await _side(session, Run.adapter.is_(None), *alike)
    value = {
        name: _compared(name, before.measures[name], after.measures[name])
        for name in after.measures
        if min(len(before.measures[name]), len(after.measures[name])) > 1
    }
    if before.worth and after.worth:
        one, other = ((sum(side.worth), len(side.worth)) for side in (before, after))
        interval = difference_of_shares(one, other)
        value["success"] = _value(mean(before.worth), mean(after.worth), interval, 4)
    return {
        "kind": LABEL, "runs": {"before": before.runs, "after": after.runs},
        "judged": {"before": len(before.worth), "after": len(after.worth)}, "value": value,
    }  # fmt: skip


async def _side(session: AsyncSession, *which: ColumnElement[bool]) -> Side:
    """The newest ended runs that ``which`` means."""
    unasked = (~Run.tags.contains([tag]) for tag in (EVALUATION_TAG, SHADOW_TAG))
    query = select(Run).where(*which, *unasked, Run.status.in_(("succeeded", "failed")))
    runs = list(await session.scalars(query.order_by(Run.id.desc()).limit(MOST)))
    measures = {
        "tokens": [float(run.input_tokens + run.output_tokens) for run in runs],
        "seconds": [(run.ended_at - run.started_at).total_seconds() for run in runs if run.ended_at],
        "dollars": [float(run.cost) for run in runs if run.cost is not None],
    }
    return Side(measures, await _worth(session, runs))


async def _worth(session: AsyncSession, runs: Sequence[Run]) -> list[float]:
    """The mean reward of each conversation that was judged; a run that failed is worth 0."""
    said = await opinions_of(session, [run.id for run in runs])
    rewards: list[tuple[str, float]] = []
    for run in runs:
        reward = 0.0 if run.status == "failed" else reward_of(said.get(run.id, []))
        if reward is not None:
            rewards.append((str(run.conversation_id or run.id), reward))
    groups = groupby(sorted(rewards), key=lambda one: one[0])
    return [mean(reward for _, reward in group) for _, group in groups]


def _compared(name: str, before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    return _value(mean(before), mean(after), difference_of_means(before, after), DIGITS.get(name, 3))


def _value(before: float, after: float, interval: tuple[float, float], digits: int) -> dict[str, Any]:
    return {
        "before": round(before, digits), "after": round(after, digits), "difference": round(after - before, digits),
        "interval": [round(end, digits) for end in interval],
    }  # fmt: skip
