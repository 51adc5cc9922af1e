"""The value ledger: means, paired intervals, tokens for each right answer."""

from random import Random

from whorl.flywheel.value import Spent, ledger


def test_a_dearer_adapter_shows_by_how_much() -> None:
    rng = Random(2)
    before = [Spent(rng.randint(100, 900), 20, rng.random()) for _ in range(80)]
    after = [Spent(s.input_tokens + rng.randint(8, 12), 20, s.seconds) for s in before]
    report = ledger(before, after, (40, 80))
    low, high = report["tokens"]["interval"]
    assert 8 < low < report["tokens"]["difference"] < high < 12
    assert report["seconds"] == {**report["seconds"], "difference": 0.0, "interval": [0.0, 0.0]}
    total = sum(s.tokens for s in before)
    assert report["tokens"]["before_per_success"] == round(total / 40, 1)


def test_noise_is_not_taken_for_a_difference() -> None:
    rng = Random(3)
    before = [Spent(rng.randint(100, 900), 20, rng.gauss(1, 0.2)) for _ in range(100)]
    after = [Spent(s.input_tokens, 20, rng.gauss(1, 0.2)) for s in before]
    low, high = ledger(before, after, (50, 50))["seconds"]["interval"]
    assert low < 0 < high


def test_no_questions_and_no_right_answers() -> None:
    assert ledger([], [], (0, 0))["tokens"]["difference"] == 0.0
    assert ledger([Spent(5, 5, 1.0)], [Spent(5, 5, 1.0)], (0, 0))["tokens"]["after_per_success"] is None
