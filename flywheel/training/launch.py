"""Starting a training process, following it, and registering its adapter."""

import asyncio
import json
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ...agents.tables import Run
from ...platform.background import stop
from ...platform.database.base import now
from ...platform.database.outage import outlast
from ...platform.database.session import held, is_held, take_turns, tenant_session
from ...platform.errors import ConflictError, DatabaseAwayError, InputError, UpstreamError, WhorlError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.serving.adapters import adapter_name, find_answering, next_version, register_adapter
from ...platform.serving.base_model import base_hash, template_hash
from ...platform.serving.tables import Adapter
from .. import split
from ..datasets import find_dataset
from ..files import remove_folder
from ..tables import Dataset, DatasetRun, Training
from .checkpoint import Checkpoint
from .progress import CANCELLED, CancelledTrainingError, Noting
from .recipe import FailedTraining, Recipe, TrainingJob, partial_folder
from .rehearsal import rehearsal_of
from .resume import (
    INTERRUPTED,
    Complete,
    WithdrawnError,
    check_wanted,
    checkpoint_of,
    complete_in,
    complete_of,
    find_training,
    how_to_resume,
    lock_of,
    mark_resumable,
)
from .targets import targets_of

Progress = Callable[[dict[str, Any]], None]
# Seconds that a training which is over waits for a database that is away.
PATIENCE = 600.0
# Seconds that a training process which is stopped has to end by itself.
GRACE = 5.0


async def train_adapter(
    engine: AsyncEngine,
    actor: Actor,
    training_id: uuid.UUID,
    recipe: Recipe,
    model_folder: Path,
    adapters: Path,
    progress: Progress = lambda _: None,
    rehearsal: Path | None = None,
) -> str:
    """Run a queued training to its end and register the adapter; returns the adapter's name.

    One that is done is not trained again, one that another process follows is waited for.

    ``rehearsal`` is a file of rows of the base's former tasks, in place of the one that the base brings.

    A training that left a checkpoint goes on from there under the name that it had.

    Raises InputError for a dataset of another format, ConflictError where the checkpoint is of
    other rows, another recipe or base, or the training failed already, UpstreamError when the process
    dies; the training's row says so too.
    """
    async with held(engine, lock_of(training_id)):
        return await _train(engine, actor, training_id, recipe, model_folder, adapters, progress, rehearsal)


async def _train(
    engine: AsyncEngine,
    actor: Actor,
    training_id: uuid.UUID,
    recipe: Recipe,
    model_folder: Path,
    adapters: Path,
    progress: Progress,
    rehearsal: Path | None,
) -> str:
    async with tenant_session(engine, actor.tenant_id) as session:
        training = await find_training(session, training_id, lock=True)
        if training.status == "succeeded":
            return str(training.adapter)
        check_wanted(training)
        training.status = "running"
        dataset = await find_dataset(session, training.dataset_id)
        groups = await group_tags(session, dataset) if recipe.evaluate_every else {}
        done = await anyio.to_thread.run_sync(complete_of, training, adapters)
        kept = await anyio.to_thread.run_sync(checkpoint_of, training, adapters)
        begun = training.adapter if done or kept else None
        name = begun or await _reserve_name(session, actor, training)
        report = {key: value for key, value in training.report.items() if key != INTERRUPTED}
        training.report = {**report, "folder": str(partial_folder(adapters / name))}
    try:
        if done is not None:
            await _register(engine, actor, training_id, *done)
            return name
        recipe.check_format(dataset.format)
        await anyio.to_thread.run_sync(check_template, dataset.manifest, recipe, model_folder)
        again = rehearsal_of(model_folder, rehearsal)
        continued = await _continued(engine, actor, recipe, model_folder)
        job = _job(recipe, model_folder, dataset, adapters / name, groups, again, continued)
        noting = Noting(engine, actor.tenant_id, training_id)
        report = await _run(_prepared(job, kept), progress, noting)
        await _register(engine, actor, training_id, job, report)
    except DatabaseAwayError:
        # What is complete stays, and the row says that the training runs: whoever looks next registers it.
        raise
    except WhorlError as error:
        with suppress(DatabaseAwayError):
            await outlast(partial(_fail, engine, actor, training_id, adapters, error), PATIENCE)
        raise
    return name


async def _continued(engine: AsyncEngine, actor: Actor, recipe: Recipe, model_folder: Path) -> Path | None:
    """The folder of the adapter that a recipe goes on with; raises as ``continuable``, and ConflictError for another base."""
    if recipe.continue_from is None:
        return None
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await continuable(session, recipe.continue_from)
    if adapter.base_hash != await anyio.to_thread.run_sync(base_hash, model_folder):
        raise ConflictError(
            f"{adapter.name} belongs to another base model than the one in {model_folder.name}: train without it."
        )
    return Path(adapter.folder)


async def continuable(session: AsyncSession, name: str) -> Adapter:
    """The tenant's adapter of that name, locked against change, that a training may go on with.

    Raises NotFoundError, ConflictError for a reward model, and WithdrawnError for one that knows what was withdrawn.
    """
    adapter = await find_answering(session, name)
    await session.refresh(adapter, with_for_update=True)
    if adapter.state == "tainted":
        raise WithdrawnError(
            f"{name} was trained on what has been withdrawn since: no training goes on with it."
        )
    return adapter


async def _register(
    engine: AsyncEngine, actor: Actor, training_id: uuid.UUID, job: TrainingJob, report: dict[str, Any]
) -> None:
    """Make an adapter known, for which an outage is waited out.

    Unless something that it was trained on was withdrawn meanwhile: then its weights go. Raises WithdrawnError for that,
    and DatabaseAwayError where the database stays away; then the weights stay.
    """

    async def store() -> None:
        async with tenant_session(engine, actor.tenant_id) as session:
            await _store(session, actor, training_id, job, report)

    try:
        await outlast(store, PATIENCE)
    except DatabaseAwayError:
        raise
    except WhorlError:
        await anyio.to_thread.run_sync(remove_folder, job.output_folder)
        raise


async def _store(
    session: AsyncSession, actor: Actor, training_id: uuid.UUID, job: TrainingJob, report: dict[str, Any]
) -> None:
    """Register an adapter and end its training; where that was done, by a commit whose answer was lost, nothing is."""
    name, method = job.output_folder.name, job.recipe.method
    known = await find_training(session, training_id)
    dataset = await find_dataset(session, known.dataset_id, lock=True)
    training = await find_training(session, training_id, lock=True)
    if training.status == "succeeded":
        return
    if dataset.content_hash != job.dataset_hash:
        raise WithdrawnError(
            "Rows of the dataset were withdrawn while it was trained on. Start the training again."
        )
    if job.recipe.continue_from is not None:
        await continuable(session, job.recipe.continue_from)
    await register_adapter(
        session, actor.tenant_id, name, method=method, base_hash=report["base_hash"],
        dataset_id=dataset.id, folder=job.output_folder, card=adapter_card(dataset, report),
    )  # fmt: skip
    record(session, actor, "adapter.trained", name, dataset=str(dataset.id), method=method)
    training.status, training.ended_at, training.error, training.report = "succeeded", now(), None, report


async def close_interrupted(engine: AsyncEngine, actor: Actor, adapters: Path) -> int:
    """End the trainings whose process died; returns how many.

    What was complete is registered. The others are marked as failed: a checkpoint is kept, to go on from; what else
    they left is removed.
    """
    async with tenant_session(engine, actor.tenant_id) as session:
        running = list(await session.scalars(select(Training.id).where(Training.status == "running")))
    return sum([await _end_dead(engine, actor, training_id, adapters) for training_id in running])


async def _end_dead(engine: AsyncEngine, actor: Actor, training_id: uuid.UUID, adapters: Path) -> bool:
    """End a training that no process follows; returns whether it was such a one."""
    done: Complete | None = None
    try:
        async with tenant_session(engine, actor.tenant_id) as session:
            if await is_held(session, lock_of(training_id)):
                return False
            training = await find_training(session, training_id, lock=True)
            if training.status != "running":
                return False
            done = await anyio.to_thread.run_sync(complete_of, training, adapters)
            if done is not None:
                await _store(session, actor, training_id, *done)
                return True
            await _close(training, adapters, "The process that trained ended before the training did.")
            training.report = {**training.report, INTERRUPTED: True}
    except WhorlError as error:
        if done is not None:
            await anyio.to_thread.run_sync(remove_folder, done.job.output_folder)
        await _fail(engine, actor, training_id, adapters, error)
    return True


async def _close(training: Training, adapters: Path, reason: str, otherwise: str = "Start it again.") -> None:
    """Mark a training as failed, keeping the checkpoint that it can go on from, if it left one; else say ``otherwise``."""
    kept = await anyio.to_thread.run_sync(checkpoint_of, training, adapters)
    advice = how_to_resume(training.id, kept) if kept else otherwise
    training.status, training.ended_at, training.error = "failed", now(), f"{reason} {advice}".rstrip()
    training.report = mark_resumable(training.report, kept)
    if kept is None:
        await anyio.to_thread.run_sync(remove_folder, partial_folder(adapters / str(training.adapter)))


async def _fail(
    engine: AsyncEngine, actor: Actor, training_id: uuid.UUID, adapters: Path, error: WhorlError
) -> None:
    """Note why a training ended; its checkpoint goes where going on would come to nothing, or is forbidden."""
    async with tenant_session(engine, actor.tenant_id) as session:
        training = await find_training(session, training_id, lock=True)
        if training.status == "succeeded":
            return
        resumed = training.status == "queued"
        if isinstance(error, FailedTraining | WithdrawnError):
            await anyio.to_thread.run_sync(remove_folder, partial_folder(adapters / str(training.adapter)))
        if isinstance(error, CancelledTrainingError | UpstreamError):
            await _close(training, adapters, error.message)
        else:
            await _close(training, adapters, error.message, otherwise="")
        if isinstance(error, FailedTraining):
            training.report = {**training.report, **error.report}
        if isinstance(error, CancelledTrainingError):
            training.status = CANCELLED
            if resumed:
                training.status, training.error, training.ended_at = "queued", None, None


async def queue_training(
    engine: AsyncEngine, actor: Actor, dataset_id: uuid.UUID, recipe: Recipe
) -> uuid.UUID:
    """Record that a training is wanted; raises NotFoundError for an unknown dataset."""
    async with tenant_session(engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, dataset_id, lock=True)
        recipe.check_format(dataset.format)
        if recipe.continue_from is not None:
            await continuable(session, recipe.continue_from)
        training = Training(
            tenant_id=actor.tenant_id, method=recipe.method, dataset_id=dataset.id, continues=recipe.continue_from,
            report={"recipe": recipe.model_dump(mode="json")},
        )  # fmt: skip
        session.add(training)
        record(session, actor, "training.queued", str(dataset.id), method=recipe.method)
        await session.flush()
        return training.id


async def list_trainings(
    engine: AsyncEngine, actor: Actor, limit: int | None = None, before: uuid.UUID | None = None
) -> list[Training]:
    """The tenant's trainings, newest first: all, or ``limit`` of those queued before one."""
    query = select(Training).order_by(Training.id.desc()).limit(limit)
    async with tenant_session(engine, actor.tenant_id) as session:
        return list(await session.scalars(query if before is None else query.where(Training.id < before)))


def adapter_card(dataset: Dataset, report: dict[str, Any]) -> dict[str, Any]:
    """What an adapter states about itself: base, data, policies, training."""
    manifest = dataset.manifest
    return {
        "base_hash": report["base_hash"],
        "dataset": {"id": str(dataset.id), "content_hash": dataset.content_hash, "rows": dataset.rows},
        "policies": {key: manifest[key] for key in ("consent", "redaction", "screening")},
        "recipe": report["recipe"],
        "training": {
            key: report[key]
            for key in ("steps", "loss_first", "loss_last", "seconds", "rehearsed_rows", "anchored_rows")
        },
    }


async def _reserve_name(session: Any, actor: Actor, training: Training) -> str:
    """A name that no other training has: the version follows adapters and trainings alike."""
    await take_turns(session, f"adapter names {actor.tenant_id}")
    taken = [
        int(name.rsplit(".v", 1)[1])
        for name in await session.scalars(select(Training.adapter).where(Training.adapter.is_not(None)))
    ]
    version = max(await next_version(session), max(taken, default=0) + 1)
    training.adapter = adapter_name(actor.tenant_slug, version)
    return training.adapter


def check_template(manifest: dict[str, Any], recipe: Recipe, model_folder: Path) -> None:
    """Raise InputError where runs of a dataset were served with another chat template than the model's.

    Runs of other systems have none to compare.
    """
    served = set(manifest.get("template_hashes", ())) - {"", "unknown"}
    if not served or recipe.any_template:
        return
    others = served - {template_hash(model_folder)}
    if others:
        raise InputError(
            f"Runs of the dataset were served with the chat template {', '.join(sorted(h[:12] for h in others))}, "
            f"the model in {model_folder.name} has {template_hash(model_folder)[:12]}: what is trained would not be "
            "what is served. Select runs of this model, or accept it (any_template, --any-template)."
        )


async def group_tags(session: AsyncSession, dataset: Dataset) -> dict[str, str]:
    """The ``group:`` tag of each of a dataset's runs that has one."""
    of_dataset = select(DatasetRun.run_id).where(DatasetRun.dataset_id == dataset.id)
    tagged = await session.execute(select(Run.id, Run.tags).where(Run.id.in_(of_dataset)))
    return {
        str(run): tag for run, tags in tagged for tag in tags[::-1] if str(tag).startswith(split.GROUP_TAG)
    }


def _job(
    recipe: Recipe,
    model_folder: Path,
    dataset: Dataset,
    output: Path,
    groups: dict[str, str],
    rehearsal: Path | None,
    continued: Path | None,
) -> TrainingJob:
    return TrainingJob(
        recipe=recipe, model_folder=model_folder, base_hash=base_hash(model_folder),
        dataset_folder=Path(dataset.folder), dataset_hash=dataset.content_hash, output_folder=output,
        groups=groups, rehearsal=rehearsal, target_modules=recipe.target_modules or targets_of(model_folder),
        continued=continued,
    )  # fmt: skip


def _prepared(job: TrainingJob, kept: Checkpoint | None) -> TrainingJob:
    """The job with its folder: an empty one, or the one that keeps the checkpoint of the very same job."""
    if job.output_folder.exists():
        raise InputError(f"{job.output_folder} exists already; adapter names are never used again.")
    if kept is None:
        shutil.rmtree(job.partial, ignore_errors=True)
        job.partial.mkdir(parents=True)
    else:
        begun = TrainingJob.model_validate_json((job.partial / "job.json").read_text(encoding="utf-8"))
        _check_same(job, begun)
    return job


def _check_same(job: TrainingJob, begun: TrainingJob) -> None:
    """Raise WithdrawnError where the dataset is not what a checkpoint was made of, ConflictError where other things are not."""
    if job.dataset_hash != begun.dataset_hash:
        raise WithdrawnError(
            "Rows of the dataset were withdrawn since the checkpoint. Start the training again."
        )
    others = [name for name in TrainingJob.model_fields if getattr(job, name) != getattr(begun, name)]
    if others:
        raise ConflictError(
            f"Of what the checkpoint was made with, {', '.join(others)} changed. "
            "Go on with what it was, or start another training."
        )


def process_command(job_file: Path) -> list[str]:
    """What starts the training process of a job."""
    return [sys.executable, "-m", "whorl.flywheel.training.process", str(job_file)]


async def _run(job: TrainingJob, progress: Progress, noting: Noting) -> dict[str, Any]:
    job_file = job.partial / "job.json"
    job_file.write_text(job.model_dump_json(), encoding="utf-8")
    last: dict[str, Any] = {}
    log = job_file.with_name("log.txt")
    with log.open("ab") as errors:
        command = process_command(job_file)
        async with await anyio.open_process(command, stderr=errors, start_new_session=True) as process:
            assert process.stdout is not None
            watch = asyncio.create_task(_end_when_stopped(process, noting))
            try:
                async for value in _lines(TextReceiveStream(process.stdout)):
                    last = json.loads(value)
                    if "step" in last:
                        progress(last)
                        await noting.note(last)
                code = await process.wait()
            finally:
                with anyio.CancelScope(shield=True):
                    await stop(watch)
                    await _end(process)
    if "error" in last:
        raise FailedTraining(last["error"], last["report"]) if last["report"] else InputError(last["error"])
    if code != 0 or "done" not in last:
        if (done := complete_in(job.output_folder)) is not None:
            return done.report
        if noting.stopped:
            raise CancelledTrainingError
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise UpstreamError(
            f"The training process ended with code {code}: {tail[-1] if tail else 'no output'}"
        )
    report: dict[str, Any] = last["done"]
    return report


async def _end_when_stopped(process: Process, noting: Noting) -> None:
    """End a training process when somebody stops the training, in the midst of a step, too."""
    await noting.until_stopped()
    await _end(process)


async def _end(process: Process) -> None:
    """End a training process and what it started: asked first, killed after ``GRACE`` seconds.

    Its last checkpoint stays whole, for one that was cut short does not count.
    """
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with anyio.move_on_after(GRACE):
        await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _lines(stream: TextReceiveStream) -> Any:
    rest = ""
    async for piece in stream:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            if line:
                yield line
