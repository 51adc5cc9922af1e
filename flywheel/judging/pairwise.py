"""Both orders: a verdict that changes with the order is none. And what a judge's verdicts say of the judge."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import anyio

from ..statistics import wilson_interval
from .base import Comparison, Judge, Pair, Preference

_OTHER: dict[Preference, Preference] = {"first": "second", "second": "first", "tie": "tie"}


class Verdict(NamedTuple):
    """What a judge said of a pair in its own order and in the other, both in terms of the pair."""

    straight: Preference | None
    swapped: Preference | None
    reason: str = ""

    @property
    def preferred(self) -> Preference | None:
        """The answer that is preferred in both orders, ``tie`` where the orders differ, None where one is unreadable."""
        if self.straight is None or self.swapped is None:
            return None
        return self.straight if self.straight == self.swapped else "tie"

    @property
    def place(self) -> Preference | None:
        """The place that was preferred in both orders, whoever stood there."""
        if self.straight is None or self.swapped is None or self.straight == self.swapped:
            return None
        return self.straight if _OTHER[self.straight] == self.swapped else None


async def judge_pair(judge: Judge, pair: Pair) -> Verdict:
    """The verdict of a judge that is asked twice."""
    straight = await judge.compare(pair.question, pair.first, pair.second)
    swapped = await judge.compare(pair.question, pair.second, pair.first)
    reason = straight.reason if straight else ""
    return Verdict(_preferred(straight), _turned(swapped), reason)


async def judge_pairs(
    judge: Judge, pairs: Sequence[Pair], concurrency: int = 8, progress: Callable[[], None] = lambda: None
) -> list[Verdict]:
    """The verdicts on pairs, in their order."""
    verdicts: list[Verdict | None] = [None] * len(pairs)
    limiter = anyio.CapacityLimiter(concurrency)

    async def ask(index: int, pair: Pair) -> None:
        async with limiter:
            verdicts[index] = await judge_pair(judge, pair)
        progress()

    async with anyio.create_task_group() as group:
        for index, pair in enumerate(pairs):
            group.start_soon(ask, index, pair)
    return [verdict for verdict in verdicts if verdict is not None]


def _preferred(given: Comparison | None) -> Preference | None:
    return given.preferred if given else None


def _turned(given: Comparison | None) -> Preference | None:
    return _OTHER[given.preferred] if given else None


def measure(pairs: Sequence[Pair], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What verdicts say of their judge; shares come with 95 % intervals.

    ``accuracy``: of the labelled pairs, those decided as labelled in both orders (JudgeBench's measure,
    arXiv 2410.12784); ``undecided`` are ties and verdicts that change with the order. ``position``:
    ``consistent`` verdicts, and ``first_place`` less ``second_place``, the pairs where the same place won
    twice. ``length``: of decided pairs, the share that prefers the longer answer, and accuracy where the
    longer or the shorter one is labelled as better: a judge without the bias is as good at both.
    """
    both = list(zip(pairs, verdicts, strict=True))
    readable = [(pair, verdict) for pair, verdict in both if verdict.preferred is not None]
    labelled = [(pair, verdict) for pair, verdict in both if pair.label is not None]
    right = sum(verdict.preferred == pair.label for pair, verdict in labelled)
    undecided = sum(verdict.preferred in ("tie", None) for _, verdict in labelled)
    report: dict[str, Any] = {"pairs": len(both), "unreadable": len(both) - len(readable)}
    if labelled:
        report |= {
            "accuracy": _share(right, len(labelled)), "undecided": _share(undecided, len(labelled)),
            "wrong": _share(len(labelled) - right - undecided, len(labelled)),
        }  # fmt: skip
    report["position"] = _position([verdict for _, verdict in readable])
    report["length"] = _length(readable)
    return report


def _position(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    places = [verdict.place for verdict in verdicts]
    same = sum(verdict.straight == verdict.swapped for verdict in verdicts)
    first, second = places.count("first"), places.count("second")
    n = len(verdicts)
    return {
        "consistent": _share(same, n), "first_place": _share(first, n), "second_place": _share(second, n),
        "bias": round((first - second) / n, 4) if n else 0.0,
    }  # fmt: skip


def _length(judged: Sequence[tuple[Pair, Verdict]]) -> dict[str, Any]:
    uneven = [(pair, verdict) for pair, verdict in judged if len(pair.first) != len(pair.second)]
    decided = [(pair, verdict) for pair, verdict in uneven if verdict.preferred != "tie"]
    longer = sum(verdict.preferred == _longer(pair) for pair, verdict in decided)
    report: dict[str, Any] = {"prefers_longer": _share(longer, len(decided))}
    for name, wanted in (("longer_is_better", True), ("shorter_is_better", False)):
        group = [(p, v) for p, v in uneven if p.label is not None and (p.label == _longer(p)) is wanted]
        report[name] = _share(sum(v.preferred == p.label for p, v in group), len(group))
    report["bias"] = round(report["longer_is_better"]["share"] - report["shorter_is_better"]["share"], 4)
    return report


def _longer(pair: Pair) -> Preference:
    return "first" if len(pair.first) > len(pair.second) else "second"


def _share(count: int, n: int) -> dict[str, Any]:
    low, high = wilson_interval(count, n)
    return {"share": round(count / n, 4) if n else 0.0, "n": n, "interval": [round(low, 4), round(high, 4)]}
