"""Curves: what a trainer logged, by name and step, few enough points to keep and to draw."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# [step, value]; a value that is not finite is None, which JSON has a word for.
Point = list[float | None]
Curves = dict[str, list[Point]]
MOST_POINTS = 200
# The names of TRL's logs, https://huggingface.co/docs/trl/logging, and ours where they differ.
NAMES = {
    "loss": "loss", "eval_loss": "evaluation_loss", "learning_rate": "learning_rate", "grad_norm": "grad_norm",
    "rewards/chosen": "rewards/chosen", "rewards/rejected": "rewards/rejected",
    "rewards/margins": "rewards/margins", "rewards/accuracies": "rewards/accuracies",
    "eval_rewards/accuracies": "evaluation_accuracy", "margin": "rewards/margins", "accuracy": "rewards/accuracies",
    "eval_accuracy": "evaluation_accuracy", "kl": "kl", "entropy": "entropy",
    "completions/mean_length": "completion_length", "reward": "reward", "reward_std": "reward_std",
    "frac_reward_zero_std": "frac_reward_zero_std", "rewards/guided/mean": "guided",
    "nll_loss": "nll_loss", "anchor_loss": "anchor_loss",
}  # fmt: skip


def curves_of(history: Iterable[Mapping[str, Any]]) -> Curves:
    """The curves of a trainer's log history, at most ``MOST_POINTS`` points each, the first and last among them.

    >>> curves_of([{"loss": 2.0, "step": 1}, {"eval_loss": float("nan"), "step": 2}])
    {'loss': [[1, 2.0]], 'evaluation_loss': [[2, None]]}
    """
    curves: Curves = {}
    for logged in history:
        for theirs, ours in NAMES.items():
            if theirs in logged:
                curves.setdefault(ours, []).append([logged["step"], _kept(float(logged[theirs]))])
    return {name: thinned(points) for name, points in curves.items()}


def _kept(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most ``most`` points at even distances, the first and last among them, and any that is not finite."""
    if len(points) <= most:
        return list(points)
    at = {round(number * (len(points) - 1) / (most - 1)) for number in range(most)}
    broken = [number for number, (_, value) in enumerate(points) if value is None]
    return [points[number] for number in sorted(at.union(broken[:1]))]
