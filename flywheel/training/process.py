"""The training process: ``python -m whorl.flywheel.training.process job.json``.

Its own process, so that a crash or an out-of-memory kill never takes the server with it. It
prints one JSON object a line: progress (``step``, ``steps``, ``loss``, and ``kl`` where it was taken), then ``done``, or
``error``.
"""

import fcntl
import json
import math
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, WhorlError
from ..files import KEPT, MANIFEST
from .checkpoint import clear_checkpoints, last_checkpoint, saver
from .curves import curves_of
from .diagnose import diagnose, left_out
from .prefixes import share_prefixes
from .recipe import OPTIONS, FailedTraining, Recipe, TrainingJob
from .rehearsal import Pool, held_to, rehearsed
from .render import Row, mean_lengths
from .surrogates import with_surrogates
from .tokenizer import load_tokenizer
from .validation import set_aside

# Seconds between two looks for the process that started this one.
LOOK = 1.0


def main(job_file: str) -> int:
    """Run the job in ``job_file``; 0 when the adapter is complete."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.simplefilter("ignore")
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print to standard output; the protocol has its own copy
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    job = TrainingJob.model_validate_json(Path(job_file).read_text(encoding="utf-8"))
    try:
        with _alone(job.partial / "lock"):
            report = train(job, lambda value: out.write(json.dumps(value) + "\n"))
    except WhorlError as error:
        report = error.report if isinstance(error, FailedTraining) else {}
        out.write(json.dumps({"error": error.message, "report": report}) + "\n")
        return error.exit_code
    out.write(json.dumps({"done": report}) + "\n")
    return 0


def end_with_parent(parent: int) -> None:
    """End this process soon after the one that started it: nobody would hear of the adapter."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Wait for the process before, whose parent died and which may still be in its last step."""
    with file.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file.write_text(str(os.getpid()))
        yield


def train(job: TrainingJob, tell: Any) -> dict[str, Any]:
    """Train an adapter into ``output_folder``; its folder appears whole or not at all.

    A training that left a checkpoint goes on from there. ``tell`` is given each step.

    Raises InputError for rows that cannot be trained on, FailedTraining where the loss is not finite.
    """
    import torch
    import transformers
    from transformers import set_seed

    from .trainers import build_trainer, load_model

    transformers.logging.set_verbosity_error()
    if job.threads:
        torch.set_num_threads(job.threads)
    rows, aside, solved = _rows(job)
    again = _rehearsed(job, len(rows))
    anchors = _anchors(job)
    set_seed(job.recipe.seed)
    tokenizer = load_tokenizer(job.model_folder)
    model = load_model(job.recipe, job.model_folder, tokenizer.pad_token_id)
    shared = share_prefixes(model)
    job.partial.mkdir(parents=True, exist_ok=True)
    resumed = last_checkpoint(job.partial)
    started = time.monotonic()
    callbacks = [_progress(tell), saver(job.partial, job.recipe.save_every, resumed)]
    trainer = build_trainer(
        job.recipe, model, tokenizer, [*rows, *again], aside, job.partial, callbacks,
        job.target_modules, anchors, job.continued,
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=str(resumed.folder) if resumed else None)
    measured = {
        **_measured(job.recipe, trainer.state, mean_lengths(tokenizer, rows), trainer.too_long_rows),
        "rows": len(rows), "evaluation_rows": len(aside), "rehearsed_rows": len(again),
        "anchored_rows": sum(len(pool.rows) for pool in anchors),
        "solved_rows": solved,
        "too_long_rows": trainer.too_long_rows,
        "shared_beginnings": shared,
        "seconds": round(time.monotonic() - started, 2),
        "resumed_from": resumed.step if resumed else None,
    }  # fmt: skip
    return _save(job, trainer, measured)


def _rehearsed(job: TrainingJob, count: int) -> list[Row]:
    """Rows of the base's former tasks to mix into ``count`` others."""
    recipe = job.recipe
    if recipe.method not in OPTIONS["rehearse"]:
        return []
    return rehearsed(count, job.rehearsal, recipe.rehearse, recipe.seed)


def _anchors(job: TrainingJob) -> list[Pool]:
    """Rows of former tasks and of runs that the dataset keeps, on which the adapter is held."""
    kept = job.dataset_folder / f"{KEPT}.jsonl"
    some = kept.is_file() and kept.stat().st_size > 0
    pools = held_to(job.rehearsal, kept if some else None, job.recipe.anchored, job.continued is not None)
    return [
        pool._replace(rows=[with_surrogates(row, job.recipe.seed) for row in pool.rows]) for pool in pools
    ]


def _rows(job: TrainingJob) -> tuple[list[Row], list[Row], int]:
    """The rows to learn, those to evaluate on, which are none unless the recipe asks for them, and how many were left out.

    Questions that every recorded run got right may be: of a group that earns the same throughout nothing is learnt
    (dynamic sampling, Yu et al. 2025, arXiv 2503.14476).
    """
    recipe, every, aside = job.recipe, read_rows(job.dataset_folder / "train.jsonl"), list[Row]()
    open_ones = [row for row in every if recipe.solved or row.get("earned") != 1]
    rows = open_ones if recipe.method == "grpo" and open_ones else every
    solved = len(every) - len(rows)
    if recipe.evaluate_every:
        rows, aside = set_aside(rows, recipe.evaluate_share, recipe.seed, job.groups)
    return (
        [with_surrogates(row, recipe.seed) for row in rows],
        [with_surrogates(row, recipe.seed) for row in aside],
        solved,
    )


def _measured(recipe: Recipe, state: Any, lengths: dict[str, float], too_long: int) -> dict[str, Any]:
    """What the trainer's state says of the training; raises FailedTraining where the loss is not finite."""
    curves = curves_of(state.log_history)
    warnings = [*left_out(too_long, recipe.max_length), *diagnose(recipe.method, curves, lengths)]
    losses = [value for _, value in curves.get("loss", ())]
    if not losses or losses[-1] is None:
        raise FailedTraining(
            f"The loss became {'not finite' if losses else 'nothing'}: lower the learning rate "
            f"({recipe.learning_rate}) or look for rows without an assistant's turn.",
            {"curves": curves, "warnings": warnings},
        )
    best = state.best_global_step if recipe.early_stop else None
    return {
        "steps": state.global_step, "loss_first": losses[0], "loss_last": losses[-1], "curves": curves,
        "warnings": warnings, "best_step": best, "stopped_early": state.global_step < state.max_steps,
    }  # fmt: skip


def _save(job: TrainingJob, trainer: Any, measured: dict[str, Any]) -> dict[str, Any]:
    partial = job.partial
    trainer.model.save_pretrained(partial, selected_adapters=["default"])
    manifest = json.loads((job.dataset_folder / MANIFEST).read_text(encoding="utf-8"))
    note = {"base_hash": job.base_hash, "dataset": manifest["content_hash"], "method": job.recipe.method}
    (partial / "whorl.json").write_text(json.dumps(note), encoding="utf-8")
    report = {
        "recipe": job.recipe.model_dump(mode="json"),
        "dataset_hash": manifest["content_hash"],
        "base_hash": job.base_hash,
        **measured,
    }
    (partial / "meta.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    clear_checkpoints(partial)
    for stray in ("README.md", "training_args.bin", "lock"):
        (partial / stray).unlink(missing_ok=True)
    partial.rename(job.output_folder)
    return report


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a dataset file; raises InputError when there are none."""
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if not rows:
        raise InputError(f"{file.name} of the dataset has no rows: nothing to train on.")
    return rows


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _progress(tell: Any) -> Any:
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not logs or "loss" not in logs:
                return
            loss = float(logs["loss"])
            finite = math.isfinite(loss)
            control.should_training_stop = control.should_training_stop or not finite
            told = {"step": state.global_step, "steps": state.max_steps, "loss": loss if finite else None}
            tell({**told, **({"kl": kl} if (kl := _finite(logs.get("kl"))) is not None else {})})

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            tell({"checkpoint": state.global_step})

    return Progress()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
