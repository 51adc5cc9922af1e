"""Starting a training process, following it, and registering its adapter."""

import json
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from anyio.streams.text import TextReceiveStream
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ...platform.database.base import now
from ...platform.database.session import held, is_held, tenant_session
from ...platform.errors import InputError, UpstreamError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.serving.adapters import adapter_name, next_version, register_adapter
from ...platform.serving.base_model import base_hash
from ..datasets import find_dataset
from ..tables import Dataset, Training
from .recipe import Recipe, TrainingJob

Progress = Callable[[dict[str, Any]], None]


async def train_adapter(
    engine: AsyncEngine,
    actor: Actor,
    training_id: uuid.UUID,
    recipe: Recipe,
    model_folder: Path,
    adapters: Path,
    progress: Progress = lambda _: None,
) -> str:
    """Run a queued training to its end and register the adapter; returns the adapter's name.

    Raises InputError for a dataset of another format, UpstreamError when the process dies; the
    training's row says so too.
    """
    async with held(engine, _lock(training_id)):
        return await _train(engine, actor, training_id, recipe, model_folder, adapters, progress)


async def _train(
    engine: AsyncEngine,
    actor: Actor,
    training_id: uuid.UUID,
    recipe: Recipe,
    model_folder: Path,
    adapters: Path,
    progress: Progress,
) -> str:
    async with tenant_session(engine, actor.tenant_id) as session:
        training = await session.get_one(Training, (actor.tenant_id, training_id))
        training.status = "running"
        dataset = await find_dataset(session, training.dataset_id)
        name = await _reserve_name(session, actor, training)
    try:
        if dataset.format != recipe.method:
            raise InputError(f"A {dataset.format} dataset cannot train by {recipe.method}.")
        report = await _run(_job(recipe, model_folder, dataset, adapters / name), progress)
    except (InputError, UpstreamError) as error:
        async with tenant_session(engine, actor.tenant_id) as session:
            await _end(session, actor, training_id, "failed", error=error.message)
        raise
    async with tenant_session(engine, actor.tenant_id) as session:
        await register_adapter(
            session, actor.tenant_id, name, method=recipe.method, base_hash=report["base_hash"],
            dataset_id=dataset.id, folder=adapters / name, card=adapter_card(dataset, report),
        )  # fmt: skip
        record(session, actor, "adapter.trained", name, dataset=str(dataset.id), method=recipe.method)
        await _end(session, actor, training_id, "succeeded", report=report)
    return name


async def close_interrupted(engine: AsyncEngine, tenant_id: uuid.UUID, adapters: Path) -> int:
    """Mark trainings as failed whose process died, and remove what they left; returns how many."""
    async with tenant_session(engine, tenant_id) as session:
        running = await session.scalars(select(Training).where(Training.status == "running"))
        dead = [training for training in running if not await is_held(session, _lock(training.id))]
        for training in dead:
            training.status, training.ended_at = "failed", now()
            training.error = "The process that trained ended before the training did. Start it again."
            for suffix in ("", ".partial"):
                await anyio.to_thread.run_sync(_remove, adapters / f"{training.adapter}{suffix}")
        return len(dead)


def _lock(training_id: uuid.UUID) -> str:
    return f"training:{training_id}"


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


async def queue_training(
    engine: AsyncEngine, actor: Actor, dataset_id: uuid.UUID, recipe: Recipe
) -> uuid.UUID:
    """Record that a training is wanted; raises NotFoundError for an unknown dataset."""
    async with tenant_session(engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, dataset_id)
        if dataset.format != recipe.method:
            raise InputError(f"A {dataset.format} dataset cannot train by {recipe.method}.")
        training = Training(
            tenant_id=actor.tenant_id, method=recipe.method, dataset_id=dataset.id,
            report={"recipe": recipe.model_dump(mode="json")},
        )  # fmt: skip
        session.add(training)
        record(session, actor, "training.queued", str(dataset.id), method=recipe.method)
        await session.flush()
        return training.id


async def list_trainings(engine: AsyncEngine, actor: Actor) -> list[Training]:
    """The tenant's trainings, newest first."""
    async with tenant_session(engine, actor.tenant_id) as session:
        return list(await session.scalars(select(Training).order_by(Training.id.desc())))


def adapter_card(dataset: Dataset, report: dict[str, Any]) -> dict[str, Any]:
    """What an adapter states about itself: base, data, policies, training."""
    manifest = dataset.manifest
    return {
        "base_hash": report["base_hash"],
        "dataset": {"id": str(dataset.id), "content_hash": dataset.content_hash, "rows": dataset.rows},
        "policies": {key: manifest[key] for key in ("consent", "redaction", "screening")},
        "recipe": report["recipe"],
        "training": {key: report[key] for key in ("steps", "loss_first", "loss_last", "seconds")},
    }


async def _reserve_name(session: Any, actor: Actor, training: Training) -> str:
    """A name that no other training has: the version follows adapters and trainings alike."""
    await session.execute(select(Training.id).with_for_update())
    taken = [
        int(name.rsplit(".v", 1)[1])
        for name in await session.scalars(select(Training.adapter).where(Training.adapter.is_not(None)))
    ]
    version = max(await next_version(session), max(taken, default=0) + 1)
    training.adapter = adapter_name(actor.tenant_slug, version)
    return training.adapter


def _job(recipe: Recipe, model_folder: Path, dataset: Dataset, output: Path) -> TrainingJob:
    if output.exists():
        raise InputError(f"{output} exists already; adapter names are never used again.")
    partial = output.with_name(output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return TrainingJob(
        recipe=recipe, model_folder=model_folder, base_hash=base_hash(model_folder),
        dataset_folder=Path(dataset.folder), output_folder=output,
    )  # fmt: skip


async def _run(job: TrainingJob, progress: Progress) -> dict[str, Any]:
    job_file = job.output_folder.with_name(job.output_folder.name + ".partial") / "job.json"
    job_file.write_text(job.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "whorl.flywheel.training.process", str(job_file)]
    last: dict[str, Any] = {}
    log = job_file.with_name("log.txt")
    with log.open("wb") as errors:
        async with await anyio.open_process(command, stderr=errors) as process:
            assert process.stdout is not None
            async for value in _lines(TextReceiveStream(process.stdout)):
                last = json.loads(value)
                if "step" in last:
                    progress(last)
            code = await process.wait()
    if "error" in last:
        raise InputError(last["error"])
    if code != 0 or "done" not in last:
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise UpstreamError(
            f"The training process ended with code {code}: {tail[-1] if tail else 'no output'}"
        )
    report: dict[str, Any] = last["done"]
    return report


async def _lines(stream: TextReceiveStream) -> Any:
    rest = ""
    async for piece in stream:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            if line:
                yield line


async def _end(
    session: AsyncSession, actor: Actor, training_id: uuid.UUID, status: str, *,
    report: dict[str, Any] | None = None, error: str | None = None,
) -> None:  # fmt: skip
    training = await session.get_one(Training, (actor.tenant_id, training_id))
    training.status, training.ended_at, training.error = status, now(), error
    if report is not None:
        training.report = report
