"""Recipes: what a training does, as one small frozen record."""

import re
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from ...platform.errors import InputError
from .targets import ALL

Method = Literal["sft", "dpo", "kto", "grpo", "orpo", "simpo", "reward"]
METHODS: tuple[Method, ...] = get_args(Method)
# Methods that learn from the pairs of a dpo dataset; the others are named as their datasets are.
OF_PAIRS: tuple[Method, ...] = ("dpo", "orpo", "simpo", "reward")
# The losses of each method, its own first; TRL's names, but gspo, which is grpo weighed by sequence.
LOSSES: dict[Method, tuple[str, ...]] = {
    "sft": ("nll", "dft"),
    "dpo": ("sigmoid", "ipo", "hinge", "robust", "apo_zero", "apo_down", "sppo_hard"),
    "kto": ("kto", "apo_zero_unpaired"),
    "grpo": ("grpo", "dapo", "dr_grpo", "bnpo", "gspo"),
    "orpo": ("orpo",),
    "simpo": ("simpo",),
    "reward": ("bradley_terry",),
}
# Options that some methods alone have.
OPTIONS: dict[str, tuple[Method, ...]] = {
    "beta": ("dpo", "kto", "grpo", "orpo", "simpo"),
    "gamma": ("simpo",),
    "generations": ("grpo",),
    "answer_tokens": ("grpo",),
    "turns": ("grpo",),
    "temperature": ("grpo",),
    "guided": ("grpo",),
    "solved": ("grpo",),
    "rehearse": ("sft",),
    "anchor": ("sft", "dpo", "kto", "grpo", "orpo", "simpo"),
    "nll": ("dpo", "kto", "grpo"),
}
# Methods with a loss on rows that are not trained on; that of grpo says nothing of its answers.
EVALUATED: tuple[Method, ...] = ("sft", "dpo", "kto", "orpo", "simpo", "reward")
SAVE_SECONDS = 60.0
# As ``max_steps``: passes over the data say when a training ends.
BY_EPOCHS = -1
# Options that an adapter has for good.
SHAPE = ("rank", "alpha", "dropout", "dora", "rslora", "target_modules")


class Recipe(BaseModel):
    """LoRA training by one method.

    ``beta`` weighs the distance to the base model (DPO, KTO, GRPO), the odds ratio (ORPO) or the
    reward (SimPO, which asks for a margin of ``gamma``). GRPO plays ``generations`` episodes a question, each
    of at most ``turns`` replies of ``answer_tokens``, drawn at a ``temperature``; where none of them earns anything and
    the dataset has corrections, ``guided`` lets one give way to a correction; without ``solved``, questions that every
    recorded run got right are left out, where there are others;
    ``max_steps`` -1 means by ``epochs``, which else count for nothing.
    ``loss`` is one of the method's ``LOSSES``, empty for its first;
    ``dora`` splits weights into length and direction (arXiv 2402.09353), ``rslora`` scales by the root
    of the rank (arXiv 2312.03732), ``qlora`` holds the base in four bits meanwhile (arXiv 2305.14314).

    ``save_every`` steps a checkpoint is kept, at 0 every ``SAVE_SECONDS`` of training. ``evaluate_every``
    steps the loss is taken on ``evaluate_share`` of the training rows, at 0 never; ``early_stop`` ends
    the training when that loss has not fallen for so many evaluations, at 0 never.
    ``rehearse`` is the share of rows of the base's former tasks among those trained on by SFT, so that they
    are not forgotten; None is ``rehearsal.SHARE`` where the base brings such rows, else none. ``anchor``
    holds the adapter to the base on them, by the weight of its divergence; None is ``anchor.WEIGHT`` where there are
    such rows, and 0 for sft. ``nll`` weighs the likelihood of better answers beside the
    preference in DPO (arXiv 2404.19733), of good ones in KTO and of corrections in GRPO (arXiv 2508.11408), for answers
    that the model would hardly give itself.
    ``target_modules`` is an expression over the names of the modules that the adapter changes, or all-linear;
    None is what the base says, else all linear ones.
    ``any_template`` trains on runs that were served with another chat template than the model's.
    ``continue_from`` is an adapter that the new one begins as, with its rank and modules, in place of the base alone: what a
    preference method or GRPO is held to (``beta``) is then that adapter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method
    seed: int = 0
    epochs: float = Field(2.0, gt=0)
    max_steps: int = BY_EPOCHS
    learning_rate: float = Field(5e-4, gt=0)
    batch_size: int = Field(8, ge=1)
    accumulation: int = Field(1, ge=1)
    max_length: int = Field(2048, ge=16)
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    beta: float = Field(0.1, ge=0)
    gamma: float = Field(0.5, ge=0)
    generations: int = Field(4, ge=2)
    answer_tokens: int = Field(64, ge=1)
    turns: int = Field(6, ge=1)
    temperature: float = Field(1.0, gt=0)
    guided: bool = True
    solved: bool = True
    loss: str = ""
    dora: bool = False
    rslora: bool = False
    qlora: bool = False
    save_every: int = Field(0, ge=0)
    evaluate_every: int = Field(0, ge=0)
    evaluate_share: float = Field(0.1, gt=0, lt=1)
    early_stop: int = Field(0, ge=0)
    rehearse: float | None = Field(None, ge=0, lt=1)
    target_modules: str | None = Field(None, min_length=1)
    anchor: float | None = Field(None, ge=0)
    nll: float = Field(0.0, ge=0)
    any_template: bool = False
    continue_from: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _known_loss(self) -> "Recipe":
        if self.loss and self.loss not in LOSSES[self.method]:
            raise ValueError(
                f"{self.method} has no loss {self.loss!r}; it has {', '.join(LOSSES[self.method])}"
            )
        return self

    @field_validator("max_steps")
    @classmethod
    def _some_steps(cls, given: int) -> int:
        if given < 1 and given != BY_EPOCHS:
            raise ValueError(f"{given} steps train nothing; give at least 1, or {BY_EPOCHS} to go by epochs")
        return given

    @field_validator("target_modules")
    @classmethod
    def _expression(cls, given: str | None) -> str | None:
        try:
            re.compile(given or "")
        except re.error as error:
            raise ValueError(f"{given!r} is no regular expression: {error}") from error
        return given

    @model_validator(mode="after")
    def _evaluable(self) -> "Recipe":
        if self.early_stop and not self.evaluate_every:
            raise ValueError(
                "early_stop needs evaluate_every: it stops when the evaluation loss no longer falls"
            )
        if self.evaluate_every and self.method not in EVALUATED:
            raise ValueError(
                f"{self.method} has no evaluation loss, so evaluate_every does not fit; {', '.join(EVALUATED)} have one"
            )
        return self

    @model_validator(mode="after")
    def _one_shape(self) -> "Recipe":
        if self.continue_from is None:
            return self
        if self.method == "reward":
            raise ValueError(
                "a reward model has another head than an adapter that answers, so it continues none"
            )
        own = [name for name in SHAPE if getattr(self, name) != type(self).model_fields[name].default]
        if own:
            raise ValueError(
                f"{', '.join(own)} {'is' if len(own) == 1 else 'are'} the adapter's that is gone on with; leave them out"
            )
        return self

    @model_validator(mode="after")
    def _whole_groups(self) -> "Recipe":
        drawn = max(self.batch_size, self.generations) * self.accumulation
        if self.method == "grpo" and drawn % self.generations:
            whole = -(-self.batch_size // self.generations) * self.generations
            raise ValueError(
                f"{self.generations} generations do not divide the {drawn} answers of a step into whole groups: "
                f"give a batch_size of {whole}"
            )
        return self

    @property
    def anchored(self) -> float | None:
        """``anchor``, or 0 for a method that keeps former tasks in another way or has no tokens to hold on to."""
        if self.anchor is None and (
            self.method in OPTIONS["rehearse"] or self.method not in OPTIONS["anchor"]
        ):
            return 0.0
        return self.anchor

    @property
    def format(self) -> str:
        """The format of the datasets that the method learns from."""
        return "dpo" if self.method in OF_PAIRS else self.method

    def check_format(self, format: str) -> None:
        """Raise InputError for a dataset of another format."""
        if format != self.format:
            raise InputError(f"A {format} dataset cannot train by {self.method}, which takes {self.format}.")

    def changed(self, **changes: Any) -> "Recipe":
        """The recipe with other values; raises InputError for those that it cannot have.

        Where ``epochs`` are given and ``max_steps`` are not, it goes by epochs.
        """
        if "epochs" in changes:
            changes = {"max_steps": BY_EPOCHS, **changes}
        for name, value in changes.items():
            methods = OPTIONS.get(name, METHODS)
            if self.method not in methods and value != getattr(self, name):
                raise InputError(f"{self.method} has no {name}, which is an option of {', '.join(methods)}.")
        try:
            return Recipe.model_validate({**self.model_dump(), **changes})
        except ValidationError as error:
            told = "; ".join(map(_fault, error.errors()))
            raise InputError(f"The recipe does not hold: {told}.") from error


def _fault(found: ErrorDetails) -> str:
    """What is wrong with which setting, or with the whole."""
    where, what = ".".join(map(str, found["loc"])), str(found["msg"]).removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


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
    if method == "simpo":
        return Recipe(method=method, seed=seed, learning_rate=2e-4, epochs=1.0, beta=2.0, gamma=1.0)
    if method == "reward":
        return Recipe(method=method, seed=seed)
    return Recipe(method=method, seed=seed, learning_rate=2e-4, epochs=1.0)


class FailedTraining(InputError):
    """A training that ran and came to nothing; ``report`` has its curves, and warnings that say why."""

    def __init__(self, message: str, report: dict[str, Any]) -> None:
        super().__init__(message)
        self.report = report


class TrainingJob(BaseModel):
    """What the training process is given: the recipe, and where things are.

    ``groups`` has the question group of source runs that are tagged with one, ``rehearsal`` the rows of the
    base's former tasks, ``target_modules`` what the adapter changes, ``continued`` the folder of the one that it begins as.
    """

    model_config = ConfigDict(frozen=True)

    recipe: Recipe
    model_folder: Path
    base_hash: str
    dataset_folder: Path
    dataset_hash: str = ""
    output_folder: Path
    threads: int = 0
    groups: dict[str, str] = {}
    rehearsal: Path | None = None
    target_modules: str = ALL
    continued: Path | None = None

    @property
    def partial(self) -> Path:
        """Where the training works; it becomes ``output_folder`` when it is complete."""
        return partial_folder(self.output_folder)


def partial_folder(output: Path) -> Path:
    """The folder of an adapter that is not complete."""
    return output.with_name(f"{output.name}.partial")
