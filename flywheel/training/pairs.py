"""Methods that learn from preference pairs: DPO, ORPO, SimPO, and a reward model."""

from itertools import compress
from typing import Any

from .collate import UNLABELLED, spoken_collator, spoken_trainer
from .plan import Plan, fits, loss_of, reference_options, with_an_answer
from .recipe import Recipe
from .render import Row, render_completion, render_opening

# Keeps the scores of a reward model around zero, so that their sigmoid can be read as a share
# (Eisenstein et al. 2023, https://arxiv.org/abs/2312.09244, the value that TRL recommends).
CENTRED = 0.01


def dpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Direct preference optimisation, https://arxiv.org/abs/2305.18290, and its family."""
    from trl import DPOConfig, DPOTrainer

    texts, too_long = _fitting(recipe, tokenizer, rows)
    options: dict[str, Any] = {
        "beta": recipe.beta, "max_length": recipe.max_length, "loss_type": loss_of(recipe),
        "train_sampling_strategy": "group_by_length", "length_column_name": "length", "remove_unused_columns": False,
        **reference_options(recipe, len(texts)),
    }  # fmt: skip
    if recipe.nll:
        options |= {"loss_type": [loss_of(recipe), "sft"], "loss_weights": [1.0, recipe.nll]}
    collator = {"data_collator": spoken_collator(tokenizer, recipe.max_length)}
    pairs = [{**pair, "length": sum(map(len, pair.values()))} for pair in texts]
    return Plan(DPOTrainer, DPOConfig, pairs, options, collator, too_long)


def orpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Odds ratio preference optimisation, https://arxiv.org/abs/2403.07691: no reference model."""
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    class Trainer(spoken_trainer(ORPOTrainer, tokenizer)):  # type: ignore[misc]
        def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple[Any, ...]:
            """TRL takes the likelihood of the prompt, too, in which tools and strangers speak: here of the labels alone."""
            logps, *others = super().concatenated_forward(model, batch)
            counted = (batch["chosen_labels"][:, 1:] != UNLABELLED).sum(-1)
            others[3] = -(logps * counted).sum() / counted.sum()
            return logps, *others

    options = {"beta": recipe.beta, "max_length": recipe.max_length}
    texts, too_long = _fitting(recipe, tokenizer, rows)
    return Plan(Trainer, ORPOConfig, texts, options, {}, too_long)


def simpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Simple preference optimisation, https://arxiv.org/abs/2405.14734: log-probabilities by length.

    TRL has it as a loss of CPO, whose own likelihood term SimPO goes without.
    """
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    options = {
        "beta": recipe.beta, "simpo_gamma": recipe.gamma, "max_length": recipe.max_length,
        "loss_type": "simpo", "cpo_alpha": 0.0,
    }  # fmt: skip
    texts, too_long = _fitting(recipe, tokenizer, rows)
    return Plan(spoken_trainer(CPOTrainer, tokenizer), CPOConfig, texts, options, {}, too_long)


def reward(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """A reward model by Bradley and Terry: chosen answers score above rejected ones."""
    from trl import RewardConfig, RewardTrainer

    encoded = [
        {
            f"{side}_ids": tokenizer(pair["prompt"] + pair[side])["input_ids"]
            for side in ("chosen", "rejected")
        }
        for pair in _texts(tokenizer, rows)
    ]
    fit = fits(recipe, (max(map(len, row.values())) for row in encoded))
    options = {"max_length": recipe.max_length, "center_rewards_coefficient": CENTRED}
    return Plan(RewardTrainer, RewardConfig, list(compress(encoded, fit)), options, {}, fit.count(False))


def _fitting(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> tuple[list[Row], int]:
    """Pairs as texts whose prompt leaves room for an answer, and how many others there are."""
    pairs = _texts(tokenizer, rows)
    fit = fits(recipe, with_an_answer(tokenizer, [pair["prompt"] for pair in pairs]))
    return list(compress(pairs, fit)), fit.count(False)


def _texts(tokenizer: Any, rows: list[Row]) -> list[Row]:
    """Pairs as texts: what both sides share, and each side after it."""
    pairs = []
    for row in rows:
        whole = row["chosen"][0]["role"] != "assistant"
        prompt = render_opening(tokenizer, row["prompt"], row["tools"], conversation=whole)
        sides = {
            side: render_completion(tokenizer, row["prompt"], row[side], row["tools"], conversation=whole)
            for side in ("chosen", "rejected")
        }
        pairs.append({"prompt": prompt, **sides})
    return pairs
