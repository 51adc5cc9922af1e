"""A sequential test of two success rates that may be looked at whenever one likes.

Each arm bets against every mean ``p`` with the mixture likelihood ratio of a Beta(1/2, 1/2) prior,

    K(p) = B(s + 1/2, n - s + 1/2) / (B(1/2, 1/2) p^s (1 - p)^(n - s)),

``s`` the sum of ``n`` values. For values between 0 and 1 whose mean is ``p`` it is a non-negative
supermartingale that starts at 1: each factor ``(q/p)^x ((1-q)/(1-p))^(1-x)`` is convex in ``x``, so that
its mean is at most 1. Both arms together are the product, and by Ville's inequality the product exceeds
``1/alpha`` at any time with a probability of at most ``alpha``, however often it is looked at.

Sources: Robbins 1970 (Annals of Mathematical Statistics 41, 1397) for mixtures; Howard, Ramdas, McAuliffe and
Sekhon 2021 (arXiv 1810.08240) for the beta-binomial bound; Waudby-Smith and Ramdas 2020 (arXiv 2010.09686) for
means of bounded values by betting; Johari, Koomen, Pekelis and Walsh 2017 (KDD, 10.1145/3097983.3097992) for A/B tests.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import betaln

ALPHA = 0.05
_PRIOR = 0.5
# Success rates at which intervals are searched; an interval is widened by one step on both sides.
_STEPS = 500


class Arm(NamedTuple):
    """What one side of a trial earned: ``n`` values between 0 and 1, and their sum."""

    n: int = 0
    total: float = 0.0

    @property
    def success(self) -> float | None:
        """The mean, or None of nothing."""
        return self.total / self.n if self.n else None


class Difference(NamedTuple):
    """A confidence interval of a difference of means that holds at all times at once."""

    low: float
    high: float


def log_wealth(arm: Arm, p: np.ndarray) -> np.ndarray:
    """``log K(p)`` of the module's formula for each ``p`` in (0, 1)."""
    good, bad = arm.total, arm.n - arm.total
    mixture = betaln(good + _PRIOR, bad + _PRIOR) - betaln(_PRIOR, _PRIOR)
    wealth: np.ndarray = mixture - good * np.log(p) - bad * np.log1p(-p)
    return wealth


def log_evidence(one: Arm, other: Arm) -> float:
    """The log of the evidence against equal means; ``log(1/alpha)`` and more refutes them.

    The common mean that is refuted the least is the pooled one.

    >>> log_evidence(Arm(50, 25), Arm(50, 25)) < 0 < log_evidence(Arm(50, 40), Arm(50, 10))
    True
    """
    n = one.n + other.n
    if n == 0:
        return 0.0
    pooled = np.array([min(max((one.total + other.total) / n, 1e-12), 1 - 1e-12)])
    return float(log_wealth(one, pooled)[0] + log_wealth(other, pooled)[0])


def difference_interval(one: Arm, other: Arm, alpha: float = ALPHA) -> Difference:
    """Where the mean of ``one`` less that of ``other`` lies, with confidence ``1 - alpha`` at all times at once.

    All pairs of means that the product of both arms does not refute.

    >>> difference_interval(Arm(), Arm())
    Difference(low=-1.0, high=1.0)
    >>> difference_interval(Arm(100, 30), Arm(100, 90)).high < 0
    True
    """
    grid = (np.arange(_STEPS) + 0.5) / _STEPS
    left = math.log(1 / alpha) - log_wealth(other, grid)
    wealth = log_wealth(one, grid)
    lowest = int(np.argmin(wealth))
    open_ = np.flatnonzero(left > wealth[lowest])
    if not len(open_):
        return _pointwise(one, other)
    # Of each mean of the other arm the means of this one that stay: an interval, as the log is convex.
    first = np.searchsorted(-wealth[: lowest + 1], -left[open_], side="right")
    last = lowest + np.searchsorted(wealth[lowest:], left[open_], side="left") - 1
    step = 1 / _STEPS
    low = float((grid[np.minimum(first, lowest)] - grid[open_]).min()) - step
    high = float((grid[last] - grid[open_]).max()) + step
    return Difference(max(-1.0, low), min(1.0, high))


def _pointwise(one: Arm, other: Arm) -> Difference:
    """Where so much is known that the interval lies between two steps."""
    found = (one.success or 0.0) - (other.success or 0.0)
    return Difference(max(-1.0, found - 2 / _STEPS), min(1.0, found + 2 / _STEPS))
