"""The value ledger: what an adapter's answers cost beside the base's, on the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import bootstrap

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
