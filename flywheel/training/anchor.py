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
# Of how many times as many rows of about one length those of a step are drawn.
NEAR = 4
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
            rows = _drawn(fitting, draw)
            width = max(len(row["input_ids"]) for row in rows)
            ids = torch.full((len(rows), width), tokenizer.pad_token_id)
            seen, said = torch.zeros_like(ids), torch.zeros(ids.shape, dtype=torch.bool)
            for at, row in enumerate(rows):
                length = len(row["input_ids"])
                ids[at, :length] = torch.tensor(row["input_ids"])
                seen[at, :length] = 1
                said[at, : length - 1] = torch.tensor(row["assistant_masks"][1:], dtype=torch.bool)
            device = self.accelerator.device
            batch = {"input_ids": ids.to(device), "attention_mask": seen.to(device), "use_cache": False}
            said = said.to(device)
            network = self.accelerator.unwrap_model(model)
            # The head is given what the assistant says alone; it is wide, and the rest is not looked at.
            hook = network.get_output_embeddings().register_forward_pre_hook(
                lambda _, given: (given[0][said],)
            )
            try:
                with torch.no_grad(), network.disable_adapter():
                    wanted = log_softmax(model(**batch).logits.float(), -1)
                own = log_softmax(model(**batch).logits.float(), -1)
            finally:
                hook.remove()
            return kl_div(own, wanted, reduction="batchmean", log_target=True)

    return Anchored


def _drawn(pools: Sequence[Sequence[Any]], draw: Random) -> list[Any]:
    """``ROWS`` rows of all pools, which are in order of length: of about one length, so that little is padding."""
    share, place, rows = ROWS // len(pools), draw.random(), []
    for pool in pools:
        some = min(share, len(pool))
        near = min(NEAR * some, len(pool))
        start = round(place * (len(pool) - near))
        rows += draw.sample(pool[start : start + near], some)
    return rows


def _fitting(tokenizer: Any, rows: Sequence[Row], max_length: int) -> list[dict[str, list[int]]]:
    rendered = [render_sft(tokenizer, row) for row in rows]
    fitting = [row for row in rendered if len(row["input_ids"]) <= max_length]
    if not fitting:
        raise InputError(
            f"Every row that the adapter is to be held to the base on is longer than {max_length} tokens. Raise max_length."
        )
    return sorted(fitting, key=lambda row: len(row["input_ids"]))
