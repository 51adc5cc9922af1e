"""The sequential test: false alarms under peeking after every observation, power, and its interval."""

import math

import numpy as np
import pytest
from scipy.special import betaln

from whorl.flywheel.sequential import ALPHA, Arm, difference_interval, log_evidence, log_wealth

TRIALS, LONGEST = 1000, 1000


def alarm_times(candidate: float, incumbent: float, share: float, seed: int) -> np.ndarray:
    """For each simulated canary the number of conversations at which equality was refuted; ``inf`` for never.

    The evidence of every moment at once, so that each conversation is followed by a look.
    """
    draw = np.random.default_rng(seed)
    arm = draw.random((TRIALS, LONGEST)) < share
    good = draw.random((TRIALS, LONGEST)) < np.where(arm, candidate, incumbent)
    n1, n0 = np.cumsum(arm, 1), np.cumsum(~arm, 1)
    s1, s0 = np.cumsum(arm & good, 1), np.cumsum(~arm & good, 1)
    pooled = np.clip((s0 + s1) / (n0 + n1), 1e-12, 1 - 1e-12)
    evidence = (
        betaln(s1 + 0.5, n1 - s1 + 0.5) + betaln(s0 + 0.5, n0 - s0 + 0.5) - 2 * betaln(0.5, 0.5)
        - (s0 + s1) * np.log(pooled) - (n0 + n1 - s0 - s1) * np.log1p(-pooled)
    )  # fmt: skip
    one = Arm(int(n1[0, -1]), float(s1[0, -1])), Arm(int(n0[0, -1]), float(s0[0, -1]))
    assert math.isclose(evidence[0, -1], log_evidence(*one), abs_tol=1e-6), (
        "what is simulated is what is used"
    )
    crossed = evidence >= math.log(1 / ALPHA)
    return np.where(crossed.any(1), crossed.argmax(1) + 1.0, np.inf)


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("success", [0.02, 0.5, 0.9])
def test_false_alarms_stay_below_alpha_with_a_look_after_every_conversation(
    success: float, share: float
) -> None:
    assert np.isfinite(alarm_times(success, success, share, seed=7)).mean() <= ALPHA


def test_a_candidate_that_is_much_worse_is_found_soon() -> None:
    times = alarm_times(0.5, 0.8, 0.1, seed=7)
    assert np.isfinite(times).mean() > 0.9 and np.median(times) < 900


def test_the_interval_covers_the_difference_at_every_look() -> None:
    """Rewards between 0 and 1 as well, as several people's opinions give them."""
    draw, missed = np.random.default_rng(3), 0
    for _ in range(100):
        one, other, out = Arm(), Arm(), False
        for number in range(120):
            value = float(draw.beta(3, 2)) if number % 2 else float(draw.random() < 0.6)
            if draw.random() < 0.4:
                one = Arm(one.n + 1, one.total + value)
            else:
                other = Arm(other.n + 1, other.total + value)
            interval = difference_interval(one, other)
            out |= not interval.low <= 0.0 <= interval.high
        missed += out
    assert missed / 100 <= ALPHA


def test_the_interval_is_all_pairs_of_means_that_are_not_refuted() -> None:
    draw, grid = np.random.default_rng(0), (np.arange(500) + 0.5) / 500
    for _ in range(50):
        n1, n0 = (int(n) for n in draw.integers(1, 400, 2))
        one, other = Arm(n1, float(draw.uniform(0, n1))), Arm(n0, float(draw.integers(0, n0 + 1)))
        together = log_wealth(other, grid)[:, None] + log_wealth(one, grid)[None, :]
        left = (grid[None, :] - grid[:, None])[together < math.log(1 / ALPHA)]
        found = difference_interval(one, other)
        assert math.isclose(found.low, max(-1.0, left.min() - 1 / 500), abs_tol=1e-9)
        assert math.isclose(found.high, min(1.0, left.max() + 1 / 500), abs_tol=1e-9)


def test_very_much_data_gives_a_narrow_interval() -> None:
    found = difference_interval(Arm(10**7, 8.0 * 10**6), Arm(10**8, 8.0 * 10**7))
    assert -0.01 < found.low < 0 < found.high < 0.01
