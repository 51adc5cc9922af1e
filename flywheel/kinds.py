"""Kinds of questions: what of each an adapter gets right beside the base, and where it refuses what has an answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .statistics import changed, mcnemar_p

# How a task says which kind of question it is.
TAG = "kind:"
# What is compared beside the kinds: of the questions that have an answer, how many were not refused.
ANSWERED = "not refused, of those with an answer"


def kind_in(tags: Iterable[str]) -> str:
    """The kind that tags name, or an empty text."""
    return next((tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)), "")


def by_kind(
    kinds: Sequence[str], before: Sequence[float], after: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """By kind of question what both sides got right, paired: scores are 0 or 1, questions without a kind are left out.

    >>> by_kind(["a", "b", "a"], [1, 0, 1], [1, 1, 0])["a"]
    {'n': 2, 'before': 2, 'after': 1, 'better': 0, 'worse': 1, 'p_value': 1.0}
    """
    chosen: dict[str, list[int]] = {}
    for number, kind in enumerate(kinds):
        if kind:
            chosen.setdefault(kind, []).append(number)
    return {
        kind: paired([before[number] for number in numbers], [after[number] for number in numbers])
        for kind, numbers in sorted(chosen.items())
    }


def paired(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """How many of the same questions each side got right, and the exact paired test."""
    return {
        "n": len(before), "before": int(sum(before)), "after": int(sum(after)),
        **changed(before, after)._asdict(), "p_value": mcnemar_p(before, after),
    }  # fmt: skip


def made_worse(found: Mapping[str, Mapping[str, Any]], alpha: float) -> list[str]:
    """The kinds that certainly lost: fewer right than before, p below ``alpha`` divided among all (Bonferroni).

    >>> lost = by_kind(["a"] * 8, [1] * 8, [0] * 8)
    >>> made_worse(lost, 0.05), made_worse(lost, 0.005)
    (['a'], [])
    """
    return [
        kind
        for kind, numbers in found.items()
        if numbers["worse"] > numbers["better"] and numbers["p_value"] * len(found) < alpha
    ]
