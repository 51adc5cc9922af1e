"""The method that learns from single answers, good or bad: KTO."""

from collections.abc import Sequence
from itertools import compress
from random import Random
from typing import Any

from .plan import Plan, fits, loss_of, reference_options, with_an_answer
from .recipe import Recipe
from .render import Row, render_completion, render_text


def kto(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Kahneman-Tversky optimisation, https://arxiv.org/abs/2402.01306.

    The rows are in an order drawn by the seed: TRL takes them as they come, and a row's neighbour for the divergence.
    A dataset has the runs of a question beside one another, whose answers are no estimate of it.
    """
    from trl import KTOConfig, KTOTrainer

    examples = [
        {
            "prompt": render_text(tokenizer, row["prompt"], row["tools"], prompt=True),
            "completion": render_completion(tokenizer, row["prompt"], row["completion"], row["tools"]),
            "label": row["label"],
        }
        for row in Random(f"{recipe.seed}:kto").sample(rows, len(rows))
    ]
    fit = fits(recipe, with_an_answer(tokenizer, [example["prompt"] for example in examples]))
    examples = list(compress(examples, fit))
    options = {
        "beta": recipe.beta, "max_length": recipe.max_length, "loss_type": loss_of(recipe),
        **reference_options(recipe, len(examples)), **_balanced([example["label"] for example in examples]),
    }  # fmt: skip
    trainer = _likely(KTOTrainer, recipe.nll) if recipe.nll else KTOTrainer
    return Plan(trainer, KTOConfig, examples, options, {}, fit.count(False))


def _balanced(labels: Sequence[bool]) -> dict[str, float]:
    """Weights by which both labels count alike, as the method asks (section 4.2 of arXiv 2402.01306).

    >>> _balanced([True, True, True, True, False])
    {'desirable_weight': 0.25, 'undesirable_weight': 1.0}
    """
    good = sum(labels)
    bad = len(labels) - good
    if not good or not bad:
        return {}
    return {"desirable_weight": min(1.0, bad / good), "undesirable_weight": min(1.0, good / bad)}


def _likely(trainer: Any, weight: float) -> Any:
    """TRL's trainer, with ``weight`` times the negative log-likelihood of good answers, mean over their tokens.

    It is of what the trainer's own pass over the answers says, so that none is added.
    """

    class Trainer(trainer):  # type: ignore[misc]
        def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
            heard: list[Any] = []

            def hear(_: Any, __: Any, given: dict[str, Any], said: Any) -> None:
                # What the model says of the answers comes before what the base does; of other ids is the divergence.
                if given.get("input_ids") is inputs["input_ids"] and not heard:
                    heard.append(said.log_probs)

            hook = model.register_forward_hook(hear, with_kwargs=True)
            try:
                found = super()._compute_loss(model, inputs, return_outputs)
            finally:
                hook.remove()
            counted = inputs["completion_mask"][:, 1:] * inputs["label"].view(-1, 1)
            likely = heard[0][:, -counted.size(1) :] * counted
            nll = -likely.sum() / counted.sum().clamp(min=1)
            self._metrics["train" if self.model.training else "eval"]["nll_loss"].append(nll.item())
            if return_outputs:
                return found[0] + weight * nll, found[1]
            return found + weight * nll

    return Trainer
