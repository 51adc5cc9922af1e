"""Recipes: what a training does, as one small frozen record."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from ...platform.errors import InputError

Method = Literal["sft", "dpo", "kto", "grpo"]
METHODS: tuple[Method, ...] = get_args(Method)


class Recipe(BaseModel):
    """LoRA training by one method.

    ``beta`` weighs the distance to the base model (DPO, KTO, GRPO); ``generations`` is the group
    size of GRPO; ``max_steps`` -1 means by epochs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method
    seed: int = 0
    epochs: float = Field(2.0, gt=0)
    max_steps: int = -1
    learning_rate: float = Field(5e-4, gt=0)
    batch_size: int = Field(8, ge=1)
    accumulation: int = Field(1, ge=1)
    max_length: int = Field(2048, ge=16)
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    beta: float = Field(0.1, ge=0)
    generations: int = Field(4, ge=2)
    answer_tokens: int = Field(64, ge=1)


def parse_method(value: str) -> Method:
    """``value`` as a method; raises InputError naming those that exist."""
    for method in METHODS:
        if value == method:
            return method
    raise InputError(f"There is no method {value!r}. Methods are {', '.join(METHODS)}.")


def default_recipe(method: Method, seed: int = 0) -> Recipe:
    """Defaults by method: preference methods start gently."""
    if method == "sft":
        return Recipe(method=method, seed=seed)
    if method == "grpo":
        return Recipe(method=method, seed=seed, learning_rate=5e-4, max_steps=20, beta=0.0)
    return Recipe(method=method, seed=seed, learning_rate=2e-4, epochs=1.0)


class TrainingJob(BaseModel):
    """What the training process is given: the recipe, and where things are."""

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    model_folder: Path
    base_hash: str
    dataset_folder: Path
    output_folder: Path
    threads: int = 0
