"""What is learnt beside a method's own loss: rows drawn at each step, of which what the assistant says counts."""

from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean
from typing import Any, NamedTuple

from .render import Rendered

# Rows taken at each step from all pools.
ROWS = 8
# Of how many times as many rows of about one length those of a step are drawn.
NEAR = 4


class Batch(NamedTuple):
    """Rows as a model takes them: its inputs, of each place whether the token after it is the assistant's, each row's pool."""

    inputs: dict[str, Any]
    said: Any
    pools: Any

    @property
    def targets(self) -> Any:
        """The tokens that the assistant says, in the order of ``spoken``."""
        import torch

        return torch.roll(self.inputs["input_ids"], -1, 1)[self.said]


def beside(
    trainer: Any, name: str, pools: Sequence[Sequence[Rendered]], pad: int, weight: float, seed: int,
    loss: Callable[[Any, Any, Batch], Any],
) -> Any:  # fmt: skip
    """A TRL trainer that adds ``weight`` times a ``loss`` to its own, on rows of every pool alike.

    ``loss`` is given the model, the network under what wraps it, and the rows of the step. It is logged as ``name``_loss.
    """

    since_logged: list[float] = []

    class Beside(trainer):  # type: ignore[misc]
        def training_step(self, model: Any, *given: Any, **named: Any) -> Any:
            own = super().training_step(model, *given, **named)
            share = weight / self.args.gradient_accumulation_steps
            # By step, so that a training that goes on from a checkpoint takes the same rows.
            rows = _drawn(pools, Random(f"{seed}:{name}:{self.state.global_step}"))
            network = self.accelerator.unwrap_model(model)
            found = loss(model, network, _batch(rows, pad, self.accelerator.device))
            since_logged.append(found.item())
            self.accelerator.backward(share * found)
            return own

        def log(self, logs: dict[str, float], *given: Any, **named: Any) -> None:
            if "loss" in logs and since_logged:
                logs = {**logs, f"{name}_loss": fmean(since_logged)}
                since_logged.clear()
            super().log(logs, *given, **named)

    return Beside


def spoken(model: Any, network: Any, batch: Batch) -> Any:
    """Log-probabilities of every token where the assistant says one: (tokens said, vocabulary)."""
    from torch.nn.functional import log_softmax

    # The head is given what the assistant says alone; it is wide, and the rest is not looked at.
    hook = network.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0][batch.said],))
    try:
        return log_softmax(model(**batch.inputs).logits.float(), -1)
    finally:
        hook.remove()


def _batch(drawn: Sequence[tuple[int, Rendered]], pad: int, device: Any) -> Batch:
    import torch

    pools, rows = zip(*drawn, strict=True)
    width = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), width), pad)
    seen, said = torch.zeros_like(ids), torch.zeros(ids.shape, dtype=torch.bool)
    for at, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[at, :length] = torch.tensor(row["input_ids"])
        seen[at, :length] = 1
        said[at, : length - 1] = torch.tensor(row["assistant_masks"][1:], dtype=torch.bool)
    return Batch(
        {"input_ids": ids.to(device), "attention_mask": seen.to(device), "use_cache": False}, said.to(device),
        torch.tensor(pools, device=device),
    )  # fmt: skip


def _drawn(pools: Sequence[Sequence[Rendered]], draw: Random) -> list[tuple[int, Rendered]]:
    """``ROWS`` rows of all pools, which are in order of length: of about one length, so that little is padding.

    Each has the number of its pool.
    """
    share, place, rows = ROWS // len(pools), draw.random(), list[tuple[int, Rendered]]()
    for number, pool in enumerate(pools):
        some = min(share, len(pool))
        near = min(NEAR * some, len(pool))
        start = round(place * (len(pool) - near))
        rows += [(number, row) for row in draw.sample(pool[start : start + near], some)]
    return rows


def by_length(rows: Sequence[Rendered], max_length: int) -> list[Rendered]:
    """The rows of at most ``max_length`` tokens, in order of length."""
    fitting = (row for row in rows if len(row["input_ids"]) <= max_length)
    return sorted(fitting, key=lambda row: len(row["input_ids"]))
