"""Muon for the matrices of a small model, all of one shape at once.

Keller Jordan, https://kellerjordan.github.io/posts/muon/, scaled to AdamW's step as in Liu et al.
2025, arXiv 2502.16982. ``torch.optim.Muon`` takes one matrix at a time, which on a CPU costs a
third of a training step of the seed model.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5


class Muon:
    """``given``: matrices, each with the share of the rate at which it learns."""

    def __init__(self, given: Iterable[tuple[torch.nn.Parameter, float]], weight_decay: float) -> None:
        groups: dict[tuple[int, ...], list[tuple[torch.nn.Parameter, float]]] = defaultdict(list)
        for parameter, share in given:
            groups[tuple(parameter.shape)].append((parameter, share))
        self.weight_decay = weight_decay
        self.groups = list(groups.values())
        self.momenta = [torch.stack([torch.zeros_like(p) for p, _ in group]) for group in self.groups]

    def step(self, rate: float) -> None:
        """One update of every matrix; forgets the gradients."""
        with torch.no_grad():
            self._update(rate)

    def _update(self, rate: float) -> None:
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradient = torch.stack([p.grad if p.grad is not None else torch.zeros_like(p) for p, _ in group])
            momentum.lerp_(gradient, 1 - MOMENTUM)
            update = orthogonalise(gradient.lerp_(momentum, MOMENTUM))
            size = 0.2 * max(update.shape[1:]) ** 0.5
            parameters = [parameter for parameter, _ in group]
            shares = [rate * share for _, share in group]
            torch._foreach_mul_(parameters, [1 - share * self.weight_decay for share in shares])
            torch._foreach_mul_(changes := list(update.unbind()), [-share * size for share in shares])
            torch._foreach_add_(parameters, changes)
        self.forget()

    def forget(self) -> None:
        """Drop the gradients."""
        for group in self.groups:
            for parameter, _ in group:
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        return {"momenta": self.momenta}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for mine, theirs in zip(self.momenta, state["momenta"], strict=True):
            mine.copy_(theirs)


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest orthogonal matrix of each of ``matrices`` [n, rows, columns], roughly, by Newton-Schulz in bfloat16."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()
