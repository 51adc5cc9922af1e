"""Deleting datasets and adapters by hand: the last made first, so that an erasure can follow what is left."""

import uuid
from pathlib import Path

from anyio import to_thread
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.adapters import DELETED, IN_USE, find_adapter, move
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Adapter, Route
from ..platform.serving.trials import open_trials
from .datasets import find_dataset
from .files import remove_folder
from .promotion import retire
from .sources import take_turn
from .tables import Dataset, Training
from .training.resume import discard_checkpoints


async def delete_dataset(engine: AsyncEngine, actor: Actor, dataset_id: uuid.UUID) -> None:
    """Delete a dataset version with its files, and what trainings on it left unfinished; its runs may go from then on.

    Raises NotFoundError, and ConflictError where a training on it is not over or an adapter of it has its weights.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        await take_turn(session, actor.tenant_id)
        dataset = await find_dataset(session, dataset_id, lock=True)
        await _require_over(session, Training.dataset_id == dataset_id, f"The dataset {dataset_id}")
        made = select(Adapter).where(Adapter.dataset_id == dataset_id).order_by(Adapter.version)
        weighty = [adapter.name for adapter in await session.scalars(made) if DELETED not in adapter.card]
        if weighty:
            raise ConflictError(
                f"{', '.join(weighty)} came of the dataset {dataset_id}, by which an erasure finds what it must taint. "
                "Delete the adapters first."
            )
        await discard_checkpoints(session, Training.dataset_id == dataset_id)
        await session.execute(update(Adapter).where(Adapter.dataset_id == dataset_id).values(dataset_id=None))
        folder = Path(dataset.folder)
        await session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        record(session, actor, "dataset.deleted", str(dataset_id), format=dataset.format, rows=dataset.rows)
    await to_thread.run_sync(remove_folder, folder)


async def delete_adapter(engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str) -> None:
    """Delete an adapter's weights; its card stays, as does its name, which no other gets. Done twice it changes nothing.

    Raises NotFoundError, and ConflictError for one that answers or is tried, that a training goes on with, or that runs
    under way still hold: those keep its weights until it is deleted again.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await find_adapter(session, name, lock=True)
        if DELETED not in adapter.card:
            await _delete(session, actor, adapter)
        folder = Path(adapter.folder)
    if not await retire(engine, servers, actor, name):
        raise ConflictError(
            f"Runs under way are still answered by {name}. Delete it again when they have ended."
        )
    await to_thread.run_sync(remove_folder, folder)


async def _delete(session: AsyncSession, actor: Actor, adapter: Adapter) -> None:
    name = adapter.name
    agents = list(
        await session.scalars(select(Route.agent).where(Route.adapter == name).order_by(Route.agent))
    )
    tried = [trial.agent for trial in await open_trials(session, candidate=name)]
    if agents or tried or adapter.state in IN_USE:
        doing = f"answers for {', '.join(agents)}" if agents else f"is tried for {', '.join(tried)}"
        raise ConflictError(f"{name} {doing}. Roll it back, or stop its trial, first.")
    await _require_over(session, Training.continues == name, name)
    await discard_checkpoints(session, Training.continues == name)
    adapter.card = {
        **adapter.card,
        DELETED: {"by": actor.label, "at": now().isoformat(), "was": adapter.state},
    }
    record(session, actor, "adapter.deleted", name)
    if adapter.state != "tainted":
        move(session, actor, adapter, "deleted")


async def _require_over(session: AsyncSession, of: ColumnElement[bool], what: str) -> None:
    """Raise ConflictError where a training waits or runs."""
    waiting = select(Training.id).where(of, Training.status.in_(["queued", "running"])).limit(1)
    training = await session.scalar(waiting)
    if training is not None:
        raise ConflictError(f"{what} is needed by the training {training}. Stop it, or let it end, first.")
