"""Intervals and paired tests for success rates."""

import math
from collections.abc import Sequence
from typing import NamedTuple

_Z95 = 1.959963984540054


class Interval(NamedTuple):
    """A two-sided 95 % interval."""

    low: float
    high: float


def wilson_interval(successes: int, n: int) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927), also right near 0 and 1.

    >>> [round(v, 3) for v in wilson_interval(8, 10)]
    [0.49, 0.943]
    """
    if n == 0:
        return Interval(0.0, 1.0)
    p, z2 = successes / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def mcnemar_p(before: Sequence[float], after: Sequence[float]) -> float:
    """Two-sided exact McNemar test of paired successes (McNemar 1947): the p-value.

    Only questions whose verdict changed count; under the null each change is a fair coin.

    >>> round(mcnemar_p([0] * 10 + [1] * 5, [1] * 10 + [1] * 5), 5)
    0.00195
    """
    better = sum(b < a for b, a in zip(before, after, strict=True))
    worse = sum(b > a for b, a in zip(before, after, strict=True))
    n = better + worse
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / int(2**n))


def paired_interval(better: int, worse: int, n: int) -> Interval:
    """95 % interval of a difference of paired success rates: the adjusted Wald interval of Agresti and Min 2005.

    ``better`` and ``worse`` count the questions whose verdict changed; half a question is added to each
    of the four cells (Statistics in Medicine 24, 729).

    >>> [round(v, 3) for v in paired_interval(30, 10, 100)]
    [0.079, 0.313]
    """
    if n == 0:
        return Interval(-1.0, 1.0)
    gained, changed, total = better - worse, better + worse + 1, n + 2
    half = _Z95 * math.sqrt(changed - gained**2 / total) / total
    return Interval(max(-1.0, gained / total - half), min(1.0, gained / total + half))
