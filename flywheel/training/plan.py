"""Plans: what differs between the methods, as the trainers are built from."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .recipe import LOSSES, Recipe
from .render import Row


class Plan(NamedTuple):
    """TRL's trainer and configuration, the rows as it reads them, options of both."""

    trainer: Callable[..., Any]
    config: Callable[..., Any]
    rows: list[Row]
    options: dict[str, Any]
    extra: dict[str, Any]


def loss_of(recipe: Recipe) -> str:
    """The loss of a recipe: what it names, or its method's own."""
    return recipe.loss or LOSSES[recipe.method][0]


def reference_options(recipe: Recipe, count: int) -> dict[str, Any]:
    """Whether what the base says of ``count`` rows is worked out once before, where they are taken more than once.

    >>> reference_options(Recipe(method="dpo", max_steps=3, batch_size=8), 16)
    {'precompute_ref_log_probs': True}
    """
    taken = recipe.max_steps * recipe.batch_size * recipe.accumulation / max(count, 1)
    return {"precompute_ref_log_probs": (recipe.epochs if recipe.max_steps < 0 else taken) > 1}
