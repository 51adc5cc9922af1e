"""Checkpoints: what a training needs to go on, after its process died, to the weights it would have reached."""

import json
import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

from .recipe import SAVE_SECONDS


class Checkpoint(NamedTuple):
    """A whole checkpoint: its folder, and the steps that were done."""

    folder: Path
    step: int


def last_checkpoint(partial: Path) -> Checkpoint | None:
    """The newest whole checkpoint of a training that is not complete; None where there is none."""
    steps = [(folder, _steps(folder)) for folder in partial.glob("checkpoint-*")]
    whole = [Checkpoint(folder, step) for folder, step in steps if step is not None]
    return max(whole, key=lambda checkpoint: checkpoint.step, default=None)


def _steps(folder: Path) -> int | None:
    """The steps of a checkpoint; None for one that was cut short: its state is written last."""
    try:
        state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return int(state["global_step"])


def clear_checkpoints(partial: Path) -> None:
    """Remove what only a training that goes on needs."""
    for folder in partial.glob("checkpoint-*"):
        shutil.rmtree(folder)
    for file in (*partial.glob("epoch-*.pt"), *partial.glob("epoch-*.new")):
        file.unlink()


def saver(partial: Path, every: int, resumed: Checkpoint | None) -> Any:
    """A trainer's callback that says when to save, and keeps the order of the rows.

    The trainers shuffle an epoch by the state of the random generators at its beginning, and their
    checkpoints keep the state in its midst alone. So the state at the beginning is kept as well.
    """
    import torch
    from accelerate.data_loader import get_sampler
    from transformers import TrainerCallback

    class Saver(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.saved, self.due, self.resumed = time.monotonic(), False, resumed

        def on_epoch_begin(
            self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any
        ) -> None:
            file = partial / f"epoch-{int(state.epoch or 0)}.pt"
            if self.resumed is not None:
                torch.set_rng_state(_beginning(file, self.resumed))
                _advance(get_sampler(train_dataloader), int(state.epoch or 0))
                self.resumed = None
            torch.save(torch.get_rng_state(), file.with_suffix(".new"))
            file.with_suffix(".new").replace(file)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            waited = time.monotonic() - self.saved >= SAVE_SECONDS
            self.due = self.due or (state.global_step % every == 0 if every else waited)
            if self.due and state.global_step < state.max_steps:
                control.should_save = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.saved, self.due = time.monotonic(), False

    return Saver()


def _beginning(file: Path, resumed: Checkpoint) -> Any:
    """The generator's state at an epoch's beginning, which is the checkpoint's where the epoch had not begun."""
    import torch

    if file.is_file():
        return torch.load(file)
    # Python's and NumPy's states are in the file, too, so that it is more than tensors.
    return torch.load(resumed.folder / "rng_state.pth", weights_only=False)["cpu"]


def _advance(sampler: Any, epochs: int) -> None:
    """Draw the orders of ``epochs`` from a sampler with a generator of its own, as GRPO's is."""
    if type(sampler).__name__ == "RepeatSampler":
        for _ in range(epochs):
            list(sampler)
