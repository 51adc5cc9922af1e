"""Going on with trainings whose process died: which can, and what takes their checkpoints away."""

import json
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import anyio.to_thread
from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ...platform.database.base import now
from ...platform.database.session import is_held, tenant_session
from ...platform.errors import ConflictError, NotFoundError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.serving.tables import Adapter
from ..tables import Training
from .checkpoint import Checkpoint, last_checkpoint
from .progress import CANCELLED, CancelledTrainingError
from .recipe import Recipe, TrainingJob, partial_folder

# What the report of a training says that failed because its process died: a job of it may still go on.
INTERRUPTED = "interrupted"


class WithdrawnError(ConflictError):
    """What a training learns from was withdrawn: its weights know it, and nobody goes on with them."""


async def find_training(session: AsyncSession, training_id: uuid.UUID, *, lock: bool = False) -> Training:
    """The tenant's training of that id, by choice locked against change; raises NotFoundError."""
    query = select(Training).where(Training.id == training_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    training: Training | None = await session.scalar(query)
    if training is None:
        raise NotFoundError(f"There is no training {training_id} in this workspace.")
    return training


def checkpoint_of(training: Training, adapters: Path) -> Checkpoint | None:
    """Where a training can go on from, or None."""
    if training.adapter is None or training.status == "succeeded":
        return None
    return last_checkpoint(partial_folder(adapters / training.adapter))


class Complete(NamedTuple):
    """A whole adapter: the job that it was trained by, and the report of that."""

    job: TrainingJob
    report: dict[str, Any]


def complete_of(training: Training, adapters: Path) -> Complete | None:
    """What a training made, which may not be registered yet; None where it made nothing whole."""
    return None if training.adapter is None else complete_in(adapters / training.adapter)


def complete_in(output: Path) -> Complete | None:
    """The adapter in its folder, which appears whole or not at all."""
    try:
        job = TrainingJob.model_validate_json((output / "job.json").read_text(encoding="utf-8"))
        report = json.loads((output / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Complete(job.model_copy(update={"output_folder": output}), report)


async def requeue_training(
    engine: AsyncEngine, actor: Actor, training_id: uuid.UUID, adapters: Path
) -> Recipe:
    """Queue a training that died to go on from its checkpoint, or to be registered where it was done; returns its recipe.

    Raises ConflictError for one that waits, runs or is done, and for one that left no checkpoint.
    """
    async with tenant_session(engine, actor.tenant_id) as session:
        training = await find_training(session, training_id, lock=True)
        if training.status == "running" and not await is_held(session, lock_of(training_id)):
            training.status = "failed"
        if training.status not in ("failed", CANCELLED):
            raise ConflictError(
                f"The training is {training.status}: only one that failed or was stopped can go on. Wait, or start another."
            )
        kept = await anyio.to_thread.run_sync(checkpoint_of, training, adapters)
        done = await anyio.to_thread.run_sync(complete_of, training, adapters)
        if kept is None and done is None:
            raise ConflictError("The training left no checkpoint to go on from. Start it again.")
        training.status, training.error, training.ended_at = "queued", None, None
        step = kept.step if kept is not None else done.report["steps"] if done is not None else 0
        record(session, actor, "training.resumed", str(training_id), step=step)
        return Recipe.model_validate(training.report["recipe"])


async def cancel_training(engine: AsyncEngine, actor: Actor, training_id: uuid.UUID) -> Training:
    """Stop a training that waits or runs; its process ends within seconds, and what it can go on from is kept.

    Raises NotFoundError, and ConflictError for one that is over.
    """
    actor.require("write")
    async with tenant_session(engine, actor.tenant_id) as session:
        training = await find_training(session, training_id, lock=True)
        if training.status not in ("queued", "running"):
            raise ConflictError(f"The training is {training.status}: there is nothing to stop.")
        training.status, training.ended_at, training.error = CANCELLED, now(), "The training was stopped."
        record(session, actor, "training.cancelled", str(training_id))
        return training


def how_to_resume(training_id: uuid.UUID, kept: Checkpoint) -> str:
    """What to do with a training that left a checkpoint."""
    return f"It can go on from step {kept.step}: whorl train --resume {training_id}"


def check_wanted(training: Training) -> None:
    """Raise CancelledTrainingError for a training that was stopped, ConflictError for one that came to nothing by itself."""
    if training.status == CANCELLED:
        raise CancelledTrainingError
    if training.status == "failed" and INTERRUPTED not in training.report:
        raise ConflictError(f"The training has failed: {training.error}")


def mark_resumable(report: dict[str, Any], kept: Checkpoint | None) -> dict[str, Any]:
    """A report that says from where its training can go on, or does not, where it cannot."""
    rest = {key: value for key, value in report.items() if key != "checkpoint"}
    return rest if kept is None else {**rest, "checkpoint": {"step": kept.step, "folder": str(kept.folder)}}


async def discard_checkpoints(session: AsyncSession, of: ColumnElement[bool]) -> int:
    """Remove what trainings left unfinished or unregistered; returns of how many. Their weights know what was withdrawn.

    Of one whose process died nobody may have noticed yet.
    """
    unfinished = select(Training).where(
        of, Training.report.has_any(array(["folder", "checkpoint"])), Training.status != "succeeded"
    )
    left = [
        training
        for training in await session.scalars(unfinished)
        if training.status in ("failed", CANCELLED) or not await is_held(session, lock_of(training.id))
    ]
    for training in left:
        folder = _unfinished_folder(training.report)
        whole = folder.with_name(folder.name.removesuffix(".partial"))
        known = await session.scalar(select(Adapter.name).where(Adapter.name == whole.name))
        for each in (folder,) if known else (folder, whole):
            await anyio.to_thread.run_sync(partial(shutil.rmtree, each, ignore_errors=True))
        training.report = mark_resumable(training.report, None)
    return len(left)


def _unfinished_folder(report: dict[str, Any]) -> Path:
    """Where a training writes until it is done; where an earlier release began it, only its checkpoint says so."""
    return Path(report["folder"]) if "folder" in report else Path(report["checkpoint"]["folder"]).parent


def lock_of(training_id: uuid.UUID) -> str:
    """The name that the process which follows a training holds."""
    return f"training:{training_id}"
