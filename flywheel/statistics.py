"""Intervals and paired tests for success rates."""

import math
from collections.abc import Sequence
from statistics import mean, variance
from typing import NamedTuple

from scipy.special import stdtrit

_Z95 = 1.959963984540054


class Interval(NamedTuple):
    """A two-sided 95 % interval."""

    low: float
    high: float


def wilson_interval(successes: float, n: float) -> Interval:
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


class Changed(NamedTuple):
    """How many questions got better from one side to the other, and how many worse."""

    better: int
    worse: int


def changed(before: Sequence[float], after: Sequence[float]) -> Changed:
    """The changes between paired scores.

    >>> changed([0, 0, 1], [1, 1, 0])
    Changed(better=2, worse=1)
    """
    pairs = list(zip(before, after, strict=True))
    return Changed(sum(b < a for b, a in pairs), sum(b > a for b, a in pairs))


def mcnemar_p(before: Sequence[float], after: Sequence[float]) -> float:
    """Two-sided exact McNemar test of paired successes (McNemar 1947): the p-value.

    Only questions whose verdict changed count; under the null each change is a fair coin.

    >>> round(mcnemar_p([0] * 10 + [1] * 5, [1] * 10 + [1] * 5), 5)
    0.00195
    """
    better, worse = changed(before, after)
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


def mean_interval(first: tuple[float, float], second: tuple[float, float]) -> Interval:
    """95 % interval of the mean of two proportions, each ``(successes, n)``, from their Wilson intervals.

    The variance estimates are recovered from the single intervals (Zou and Donner 2008, Statistics in
    Medicine 27, 1693).

    >>> [round(v, 3) for v in mean_interval((50, 100), (50, 100))]
    [0.432, 0.568]
    """
    if first[1] == 0 or second[1] == 0:
        return Interval(0.0, 1.0)
    shares = [successes / n for successes, n in (first, second)]
    bounds = [wilson_interval(*first), wilson_interval(*second)]
    below = math.hypot(*(share - bound.low for share, bound in zip(shares, bounds, strict=True)))
    above = math.hypot(*(bound.high - share for share, bound in zip(shares, bounds, strict=True)))
    centre = sum(shares) / 2
    return Interval(centre - below / 2, centre + above / 2)


def difference_of_shares(first: tuple[float, float], second: tuple[float, float]) -> Interval:
    """95 % interval of the second of two independent proportions less the first, each ``(successes, n)``.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 873, 1998); of means of values between 0 and 1
    it is no narrower than it must be, for none varies more than a proportion does.

    >>> [round(v, 3) for v in difference_of_shares((48, 80), (56, 70))]
    [0.052, 0.334]
    """
    if first[1] == 0 or second[1] == 0:
        return Interval(-1.0, 1.0)
    p, q = first[0] / first[1], second[0] / second[1]
    one, other = wilson_interval(*first), wilson_interval(*second)
    return Interval(
        q - p - math.hypot(q - other.low, one.high - p), q - p + math.hypot(other.high - q, p - one.low)
    )


def difference_of_means(first: Sequence[float], second: Sequence[float]) -> Interval:
    """95 % interval of the mean of the second of two independent samples less that of the first (Welch 1947).

    Each sample has at least two values.

    >>> [round(v, 2) for v in difference_of_means([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])]
    [0.73, 5.27]
    """
    change = mean(second) - mean(first)
    shares = [variance(side) / len(side) for side in (first, second)]
    if sum(shares) == 0:
        return Interval(change, change)
    degrees = sum(shares) ** 2 / sum(
        s**2 / (len(side) - 1) for s, side in zip(shares, (first, second), strict=True)
    )
    half = float(stdtrit(degrees, 0.975)) * math.sqrt(sum(shares))
    return Interval(change - half, change + half)


def cohen_kappa(both: int, first: int, second: int, neither: int) -> float | None:
    """Agreement of two raters beyond chance (Cohen 1960): how often both said yes, only one did, neither did.

    None of nothing, and where chance alone would always agree: both raters only ever said one thing.

    >>> cohen_kappa(20, 5, 10, 15)
    0.4
    """
    n = both + first + second + neither
    chance = (both + first) * (both + second) + (second + neither) * (first + neither)
    if n == 0 or chance == n * n:
        return None
    return round((n * (both + neither) - chance) / (n * n - chance), 10)
