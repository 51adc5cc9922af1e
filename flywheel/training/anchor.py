"""Anchoring: on rows of the base's former tasks an adapter is held to what the base says.

At each step the divergence of the base from the adapter, KL(base ‖ adapter), of the tokens that the assistant says
in some of these rows is added to the method's own loss (learning without forgetting, Li and Hoiem 2016,
arXiv 1606.09282). Methods that do not take rows of another kind, as SFT does, keep former tasks by it.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from ...platform.errors import InputError
from .render import Row, render_sft

# Rows taken at each step, and the weight of their divergence where the base brings rows and the recipe names none.
ROWS = 8
WEIGHT = 1.0


def anchored(
    trainer: Any, tokenizer: Any, rows: Sequence[Row], weight: float, seed: int, max_length: int
) -> Any:
    """A TRL trainer that adds ``weight`` times the divergence on ``rows``, mean over tokens.

    Raises InputError where every row is longer than ``max_length`` tokens.
    """
    import torch
    from torch.nn.functional import kl_div, log_softmax

    rendered = [render_sft(tokenizer, row) for row in rows]
    fitting = [row for row in rendered if len(row["input_ids"]) <= max_length]
    if not fitting:
        raise InputError(
            f"Every row of the base's former tasks is longer than {max_length} tokens. Raise max_length."
        )

    class Anchored(trainer):  # type: ignore[misc]
        def training_step(self, model: Any, *given: Any, **named: Any) -> Any:
            loss = super().training_step(model, *given, **named)
            share = weight / self.args.gradient_accumulation_steps
            self.accelerator.backward(share * self._divergence(model))
            return loss

        def _divergence(self, model: Any) -> Any:
            # By step, so that a training that goes on from a checkpoint takes the same rows.
            draw = Random(f"{seed}:anchor:{self.state.global_step}")
            rows = draw.sample(fitting, min(ROWS, len(fitting)))
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
