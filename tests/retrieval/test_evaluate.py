"""Retrieval measures against numbers worked out by hand."""

from math import log2

import pytest

from whorl.retrieval.evaluate import average_precision, contains_answer, mean, ndcg, recall

RANKING = ["a", "b", "c", "d"]


def test_recall() -> None:
    assert [recall(RANKING, {"b", "d"}, k) for k in (1, 2, 4)] == [0, 0.5, 1]
    assert recall(RANKING, set(), 4) == 0


def test_ndcg() -> None:
    gains = {"a": 1.0, "c": 3.0, "z": 2.0}
    found = 1 / log2(2) + 3 / log2(4)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert ndcg(RANKING, gains) == pytest.approx(found / ideal)
    assert ndcg(["c", "z", "a"], gains) == pytest.approx(1)
    assert ndcg(RANKING, gains, 1) == pytest.approx(1 / 3)
    assert ndcg(RANKING, {}) == 0


def test_average_precision() -> None:
    assert average_precision(RANKING, {"a", "d", "z"}) == pytest.approx((1 + 2 / 4) / 3)
    assert average_precision(RANKING, set()) == 0


def test_contains_answer() -> None:
    shown = ["Tin is soft.", "It melts at 232 degrees."]
    assert not contains_answer(shown, ["232"], 1)
    assert contains_answer(shown, ["233", "232"], 2)


def test_mean() -> None:
    assert mean(len, ["a", "bcd"]) == 2
    assert mean(len, []) == 0
