"""The value ledger: what an adapter's answers cost beside the base's, on the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from ..platform.usage.prices import Price

RESAMPLES = 2000


@dataclass(frozen=True)
class Spent:
    """What one answer took: tokens read and written, and seconds from the question to the end."""

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


def cost(runs: Sequence[Spent], price: Price) -> dict[str, float | None]:
    """Mean tokens and dollars of a run; dollars are None without a price.

    >>> cost([Spent(1000, 100)], Price(2.5, 10.0))["dollars"]
    0.0035
    """
    read = sum(run.input_tokens for run in runs) / len(runs)
    written = sum(run.output_tokens for run in runs) / len(runs)
    return {
        "tokens": round(read + written, 1), "input_tokens": round(read, 1), "output_tokens": round(written, 1),
        "dollars": price.of(read, written),
    }  # fmt: skip


def kept_share(student: Sequence[float], teacher: Sequence[float]) -> dict[str, Any]:
    """The student's success over the teacher's on the same tasks, and its 95 % interval.

    A paired percentile bootstrap over the tasks (2,000 resamples, fixed seed); an end is None where
    the teacher is right in none of a resample. Raises ZeroDivisionError for a teacher that is never right.
    """
    pairs = np.asarray([student, teacher], dtype=float)
    share = float(pairs[0].sum()) / float(pairs[1].sum())
    low = high = share
    if pairs.shape[1] > 1 and np.ptp(pairs, axis=1).any():
        found = bootstrap(tuple(pairs), _ratio, paired=True, vectorized=True, n_resamples=RESAMPLES,
                          method="percentile", rng=0)  # fmt: skip
        low, high = found.confidence_interval
    ends = [round(float(end), 4) if np.isfinite(end) else None for end in (low, high)]
    return {"share": round(share, 4), "interval": ends}


def _ratio(student: Any, teacher: Any, axis: int) -> Any:
    """Sums over sums; of nothing over nothing 1, of something over nothing infinity."""
    above, below = student.sum(axis=axis), teacher.sum(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.where(above > 0, np.inf, 1.0))


def ledger(
    before: Sequence[Spent], after: Sequence[Spent], successes: tuple[float, float]
) -> dict[str, dict[str, Any]]:
    """By measure: the means of base and adapter, their difference, and its 95 % interval.

    The interval is a paired percentile bootstrap over the questions (2,000 resamples, fixed seed).
    ``per_success`` divides all tokens by the right answers; None where there is none.
    """
    measures: dict[str, tuple[list[float], list[float]]] = {
        "tokens": ([s.tokens for s in before], [s.tokens for s in after]),
        "seconds": ([s.seconds for s in before], [s.seconds for s in after]),
    }
    report: dict[str, dict[str, Any]] = {name: _paired(*values) for name, values in measures.items()}
    totals = [sum(s.tokens for s in side) for side in (before, after)]
    for side, total, right in zip(("before", "after"), totals, successes, strict=True):
        report["tokens"][f"{side}_per_success"] = round(total / right, 1) if right else None
    return report


def _paired(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    if not before:
        return {"before": 0.0, "after": 0.0, "difference": 0.0, "interval": [0.0, 0.0]}
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    change = second - first
    low = high = float(change.mean())
    if np.ptp(change) > 0:
        found = bootstrap((change,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=0)
        low, high = found.confidence_interval
    return {
        "before": round(float(first.mean()), 3), "after": round(float(second.mean()), 3),
        "difference": round(float(change.mean()), 3), "interval": [round(float(low), 3), round(float(high), 3)],
    }  # fmt: skip
