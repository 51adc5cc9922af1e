"""Measures of a ranking against judgements. Pure: a ranking is ids, best first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log2

Ranking = Sequence[str]
Gains = Mapping[str, float]


def recall(ranking: Ranking, relevant: AbstractSet[str], k: int) -> float:
    """Share of the relevant that is among the first ``k``.

    >>> recall(["a", "b", "c"], {"b", "z"}, 2)
    0.5
    """
    return len(relevant & set(ranking[:k])) / len(relevant) if relevant else 0.0


def ndcg(ranking: Ranking, gains: Gains, k: int = 10) -> float:
    """Linear gains, discounted by log2(rank + 1), over the best possible (as trec_eval's ndcg_cut).

    >>> round(ndcg(["b", "a"], {"a": 2.0, "b": 1.0}), 4)
    0.8597
    """
    ideal = _discounted(sorted(gains.values(), reverse=True)[:k])
    return _discounted([gains.get(identity, 0.0) for identity in ranking[:k]]) / ideal if ideal else 0.0


def average_precision(ranking: Ranking, relevant: AbstractSet[str]) -> float:
    """Mean, over the relevant, of the precision at the rank of each.

    >>> average_precision(["a", "x", "b"], {"a", "b"})
    0.8333333333333333
    """
    found, total = 0, 0.0
    for rank, identity in enumerate(ranking, 1):
        if identity in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def contains_answer(shown: Iterable[str], answers: Sequence[str], n: int) -> bool:
    """Whether one of the first ``n`` shown texts holds one of the answers, word for word."""
    texts = list(shown)[:n]
    return any(answer in text for answer in answers for text in texts)


def mean(measure: Callable[[str], float], queries: Iterable[str]) -> float:
    """The mean of a measure over queries; 0 where there are none."""
    values = [measure(query) for query in queries]
    return sum(values) / len(values) if values else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))
