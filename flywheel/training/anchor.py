"""Anchoring: where the base does well an adapter is held to what the base says.

At each step the divergence of the base from the adapter, KL(base ‖ adapter), of the tokens that the assistant says
in some rows is added to the method's own loss (learning without forgetting, Li and Hoiem 2016,
arXiv 1606.09282). The rows are of two pools: the base's former tasks, which methods that do not take rows of another
kind, as SFT does, keep by it; and runs that went well, which datasets of DPO and KTO keep. Their rows do not say of each
turn that was right that it was: where what they blame is mostly of one kind, such as a search, it would be taught away everywhere.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from ...platform.errors import InputError
from .render import Row, render_sft

# Rows taken at each step from all pools, and the weight of their divergence where the base brings rows and the recipe names none.
ROWS = 8
WEIGHT = 1.0


def anchored(
    trainer: Any, tokenizer: Any, pools: Sequence[Sequence[Row]], weight: float, seed: int, max_length: int
) -> Any:
    """A TRL trainer that adds ``weight`` times the divergence on rows of every pool alike, mean over tokens.

    Raises InputError where every row of a pool is longer than ``max_length`` tokens.
    """
    import torch
    from torch.nn.functional import kl_div, log_softmax

    fitting = [_fitting(tokenizer, pool, max_length) for pool in pools]

    class Anchored(trainer):  # type: ignore[misc]
        def training_step(self, model: Any, *given: Any, **named: Any) -> Any:
            loss = super().training_step(model, *given, **named)
            share = weight / self.args.gradient_accumulation_steps
            self.accelerator.backward(share * self._divergence(model))
            return loss

        def _divergence(self, model: Any) -> Any:
            # By step, so that a training that goes on from a checkpoint takes the same rows.
            draw = Random(f"{seed}:anchor:{self.state.global_step}")
            share = ROWS // len(fitting)
            rows = [row for pool in fitting for row in draw.sample(pool, min(share, len(pool)))]
            width = max(len(row["input_ids"]) for row in rows)
            ids = torch.full((len(rows), width), tokenizer.pad_token_id)
            seen, said = torch.zeros_like(ids), torch.zeros(ids.shape, dtype=torch.bool)
            for at, row in enumerate(rows):
                length = len(row["input_ids"])
                ids[at, :length] = torch.tensor(row["input_ids"])
                seen[at, :length] = 1
                said[at, : length - 1] = torch.tensor(row["assistant_masks"][1:], dtype=torch.bool)
            device = self.accelerator.device
            batch, said = {"input_ids": ids.to(device), "attention_mask": seen.to(device)}, said.to(device)
            with torch.no_grad(), self.accelerator.unwrap_model(model).disable_adapter():
                wanted = log_softmax(model(**batch).logits[said].float(), -1)
            own = log_softmax(model(**batch).logits[said].float(), -1)
            return kl_div(own, wanted, reduction="batchmean", log_target=True)

    return Anchored


def _fitting(tokenizer: Any, rows: Sequence[Row], max_length: int) -> list[dict[str, list[int]]]:
    rendered = [render_sft(tokenizer, row) for row in rows]
    fitting = [row for row in rendered if len(row["input_ids"]) <= max_length]
    if not fitting:
        raise InputError(
            f"Every row that the adapter is to be held to the base on is longer than {max_length} tokens. Raise max_length."
        )
    return fitting
