"""Background work of the flywheel: a queued training, and looks at canaries."""

import asyncio
import uuid
from contextlib import suppress

import anyio.to_thread
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.outage import AWAY
from ..platform.database.session import open_session, tenant_session
from ..platform.identity.access import Actor
from ..platform.identity.tables import Tenant
from ..platform.identity.tenants import list_tenants
from ..platform.serving.base_model import model_folder
from ..platform.serving.servers import ModelServers
from ..platform.settings import Settings
from .canary import look, look_at_all
from .tables import Training
from .training.launch import train_adapter
from .training.progress import CancelledTrainingError
from .training.recipe import Recipe
from .training.resume import checkpoint_of, find_training, mark_resumable

WORKER = uuid.UUID(int=1)
TRAIN_JOB, LOOK_JOB, LOOK_AT_ALL_JOB = "train", "look", "look_at_all"
# Every minute: outcomes that come by other ways than feedback, and runs that fail.
CLOCK = {LOOK_AT_ALL_JOB: "* * * * *"}


def worker_of(tenant: Tenant) -> Actor:
    """The worker as an actor of a tenant."""
    return Actor(tenant.id, tenant.slug, "admin", "worker", key_id=WORKER)


async def _worker_in(engine: AsyncEngine, tenant_id: uuid.UUID) -> Actor:
    async with open_session(engine) as session:
        return worker_of(await session.get_one(Tenant, tenant_id))


async def training_job(
    engine: AsyncEngine, settings: Settings, tenant_id: uuid.UUID, training_id: uuid.UUID
) -> None:
    """Run one queued training as the worker of its tenant."""
    actor = await _worker_in(engine, tenant_id)
    async with tenant_session(engine, tenant_id) as session:
        training = await session.get_one(Training, (tenant_id, training_id))
        recipe = Recipe.model_validate(training.report["recipe"])
    folder, rehearsal = model_folder(settings), settings.rehearsal
    try:
        await train_adapter(
            engine, actor, training_id, recipe, folder, settings.adapters, rehearsal=rehearsal
        )
    except CancelledTrainingError:
        return
    except asyncio.CancelledError:
        await _wait_again(engine, settings, tenant_id, training_id)
        raise


async def _wait_again(
    engine: AsyncEngine, settings: Settings, tenant_id: uuid.UUID, training_id: uuid.UUID
) -> None:
    """Note that a training which was broken off waits for another worker, and where that one goes on from."""
    with suppress(*AWAY):
        async with tenant_session(engine, tenant_id) as session:
            training = await find_training(session, training_id, lock=True)
            if training.status == "succeeded":
                return
            kept = await anyio.to_thread.run_sync(checkpoint_of, training, settings.adapters)
            training.report = mark_resumable(training.report, kept)
            if training.status == "running":
                training.status = "queued"


async def look_job(
    engine: AsyncEngine, servers: ModelServers, tenant_id: uuid.UUID, trial_id: uuid.UUID
) -> None:
    """Test one canary, of which an outcome was recorded."""
    await look(engine, servers, await _worker_in(engine, tenant_id), trial_id)


async def look_at_all_job(engine: AsyncEngine, servers: ModelServers) -> None:
    """Test every tenant's open canaries."""
    for tenant in await list_tenants(engine):
        await look_at_all(engine, servers, worker_of(tenant))
