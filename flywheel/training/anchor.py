"""Anchoring: where the base does well an adapter is held to what the base says.

At each step the divergence of the base from the adapter, KL(base ‖ adapter), of the tokens that the assistant says
in some rows is added to the method's own loss (learning without forgetting, Li and Hoiem 2016,
arXiv 1606.09282). The rows are of two pools: the base's former tasks, which methods that do not take rows of another
kind, as SFT does, keep by it; and runs that went well, which datasets of DPO, KTO and GRPO keep. Their rows do not say of each
turn that was right that it was: where what they blame is mostly of one kind, such as a search, or corrections are, such as
a call, it would be taught away everywhere. A training that goes on with an adapter has runs of that adapter, which does well
where the base may not: on these it is held to what that adapter says.
"""

from collections.abc import Sequence
from typing import Any

from ...platform.errors import InputError
from .beside import Batch, beside, by_length, spoken
from .rehearsal import Pool
from .render import Rendered, Row, render_sft

# The weight of the divergence where the base brings rows and the recipe names none.
WEIGHT = 1.0
# What PEFT calls the adapter as it is when the training begins, where rows are held to it.
BEGUN = "begun"


def anchored(
    trainer: Any, tokenizer: Any, pools: Sequence[Pool], weight: float, seed: int, max_length: int
) -> Any:
    """A TRL trainer that adds ``weight`` times the divergence on rows of every pool alike, mean over tokens.

    Raises InputError where every row of a pool is longer than ``max_length`` tokens.
    """
    to_base = [pool.to_base for pool in pools]

    def divergence(model: Any, network: Any, batch: Batch) -> Any:
        from torch.nn.functional import kl_div

        wanted = _wanted(model, network, batch, to_base)
        return kl_div(spoken(model, network, batch), wanted, reduction="batchmean", log_target=True)

    fitting = [_fitting(tokenizer, pool.rows, max_length) for pool in pools]
    return beside(trainer, "anchor", fitting, tokenizer.pad_token_id, weight, seed, divergence)


def _wanted(model: Any, network: Any, batch: Batch, to_base: Sequence[bool]) -> Any:
    """Log-probabilities as :func:`spoken` of what the rows of each pool are held to."""
    import torch
    from trl.trainer.utils import use_adapter

    with torch.no_grad():
        if all(to_base):
            with network.disable_adapter():
                return spoken(model, network, batch)
        with use_adapter(network, BEGUN):
            begun = spoken(model, network, batch)
        if not any(to_base):
            return begun
        with network.disable_adapter():
            base = spoken(model, network, batch)
    pools = batch.pools[:, None].expand_as(batch.said)[batch.said]
    return torch.where(torch.tensor(to_base, device=pools.device)[pools][:, None], base, begun)


def _fitting(tokenizer: Any, rows: Sequence[Row], max_length: int) -> list[Rendered]:
    fitting = by_length([chat for row in rows for chat in render_sft(tokenizer, row)], max_length)
    if not fitting:
        raise InputError(
            f"Every row that the adapter is to be held to the base on is longer than {max_length} tokens. Raise max_length."
        )
    return fitting
