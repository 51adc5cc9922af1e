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
