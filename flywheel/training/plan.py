"""Plans: what differs between the methods, as the trainers are built from."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ...platform.errors import InputError
from .recipe import LOSSES, Recipe
from .render import Row


class Plan(NamedTuple):
    """TRL's trainer and configuration, the rows as it reads them, options of both.

    ``too_long`` counts the rows that are left out for their length.
    """

    trainer: Callable[..., Any]
    config: Callable[..., Any]
    rows: list[Row]
    options: dict[str, Any]
    extra: dict[str, Any]
    too_long: int = 0


def loss_of(recipe: Recipe) -> str:
    """The loss of a recipe: what it names, or its method's own."""
    return recipe.loss or LOSSES[recipe.method][0]


def fits(recipe: Recipe, lengths: Iterable[int]) -> list[bool]:
    """Which of several rows of so many tokens the recipe has room for; raises InputError where that is none."""
    found = [length <= recipe.max_length for length in lengths]
    if not any(found):
        raise InputError(
            f"Every row is longer than {recipe.max_length} tokens. Raise max_length (whorl train --max-length)."
        )
    return found


def with_an_answer(tokenizer: Any, prompts: list[str]) -> list[int]:
    """The tokens of each prompt and the first of an answer: TRL cuts what comes after the recipe's ``max_length``."""
    return [len(ids) + 1 for ids in tokenizer(prompts)["input_ids"]]


def reference_options(recipe: Recipe, count: int) -> dict[str, Any]:
    """Whether what the base says of ``count`` rows is worked out once before, where they are taken more than once.

    >>> reference_options(Recipe(method="dpo", max_steps=3, batch_size=8), 16)
    {'precompute_ref_log_probs': True}
    """
    taken = recipe.max_steps * recipe.batch_size * recipe.accumulation / max(count, 1)
    return {"precompute_ref_log_probs": (recipe.epochs if recipe.max_steps < 0 else taken) > 1}
