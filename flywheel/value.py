"""The value ledger: what an adapter's answers cost and earn beside the base's, on the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..platform.usage.prices import NO_PRICE, Price
from .statistics import changed, paired_interval

RESAMPLES = 2000
# Decimals of a measure that are kept; dollars of one run are few.
DIGITS = {"dollars": 9}


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
        low, high = _resampled(tuple(pairs), _ratio, paired=True, vectorized=True)
    ends = [round(float(end), 4) if np.isfinite(end) else None for end in (low, high)]
    return {"share": round(share, 4), "interval": ends}


def _resampled(data: Sequence[Any], statistic: Any, **how: Any) -> tuple[float, float]:
    """The ends of a percentile bootstrap's interval."""
    # Slow to load, and whoever compares two adapters alone needs it.
    from scipy.stats import bootstrap

    found = bootstrap(data, statistic, n_resamples=RESAMPLES, method="percentile", rng=0, **how)
    return found.confidence_interval.low, found.confidence_interval.high


def _ratio(student: Any, teacher: Any, axis: int) -> Any:
    """Sums over sums; of nothing over nothing 1, of something over nothing infinity."""
    above, below = student.sum(axis=axis), teacher.sum(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.where(above > 0, np.inf, 1.0))


def ledger(
    before: Sequence[Spent], after: Sequence[Spent], scores: tuple[Sequence[float], Sequence[float]],
    prices: tuple[Price, Price] = (NO_PRICE, NO_PRICE),
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """By measure: the means of base and adapter, their difference, and its 95 % interval.

    ``tokens``, ``seconds`` and, where both have a price, ``dollars`` of a run: a paired percentile bootstrap
    over the questions (2,000 resamples, fixed seed). ``success`` is the share of right answers (``scores``,
    0 or 1), with the interval of ``paired_interval``. ``per_success`` divides all tokens, or dollars, by the
    right answers; None where there is none.
    """
    measures: dict[str, tuple[list[float], list[float]]] = {
        "tokens": ([s.tokens for s in before], [s.tokens for s in after]),
        "seconds": ([s.seconds for s in before], [s.seconds for s in after]),
    }
    paid = [_dollars(side, price) for side, price in zip((before, after), prices, strict=True)]
    if paid[0] is not None and paid[1] is not None:
        measures["dollars"] = (paid[0], paid[1])
    report = {name: _paired(*values, DIGITS.get(name, 3)) for name, values in measures.items()}
    for name in report.keys() - {"seconds"}:
        for side, values, scored in zip(("before", "after"), measures[name], scores, strict=True):
            right, digits = sum(scored), DIGITS.get(name, 1)
            report[name][f"{side}_per_success"] = round(sum(values) / right, digits) if right else None
    return {**report, "success": _success(*scores)}


def _dollars(runs: Sequence[Spent], price: Price) -> list[float] | None:
    """What each run cost, or None without a price."""
    paid = [price.of(run.input_tokens, run.output_tokens) for run in runs]
    known = [each for each in paid if each is not None]
    return known if len(known) == len(paid) and price.read is not None else None


def _success(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    n = len(before)
    better, worse = changed(before, after)
    first, second = (sum(side) / n if n else 0.0 for side in (before, after))
    interval = paired_interval(better, worse, n)
    return {
        "before": round(first, 4), "after": round(second, 4), "difference": round(second - first, 4),
        "interval": [round(end, 4) for end in interval],
    }  # fmt: skip


def _paired(before: Sequence[float], after: Sequence[float], digits: int) -> dict[str, Any]:
    if not before:
        return {"before": 0.0, "after": 0.0, "difference": 0.0, "interval": [0.0, 0.0]}
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    change = second - first
    low = high = float(change.mean())
    if np.ptp(change) > 0:
        low, high = _resampled((change,), np.mean)
    return {
        "before": round(float(first.mean()), digits), "after": round(float(second.mean()), digits),
        "difference": round(float(change.mean()), digits),
        "interval": [round(float(low), digits), round(float(high), digits)],
    }  # fmt: skip
