"""Background work of the flywheel: a queued training, and looks at canaries."""

import uuid

from sqlalchemy.ext.asyncio import AsyncEngine

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
from .training.recipe import Recipe

WORKER = uuid.UUID(int=1)
TRAIN_JOB, LOOK_JOB, LOOK_AT_ALL_JOB = "train", "look", "look_at_all"
# Every minute: outcomes that come by other ways than feedback, and runs that fail.
CLOCK = {LOOK_AT_ALL_JOB: "* * * * *"}


async def worker_of(engine: AsyncEngine, tenant_id: uuid.UUID) -> Actor:
    """The worker as an actor of a tenant."""
    async with open_session(engine) as session:
        tenant = await session.get_one(Tenant, tenant_id)
    return Actor(tenant_id, tenant.slug, "admin", "worker", key_id=WORKER)


async def training_job(
    engine: AsyncEngine, settings: Settings, tenant_id: uuid.UUID, training_id: uuid.UUID
) -> None:
    """Run one queued training as the worker of its tenant."""
    actor = await worker_of(engine, tenant_id)
    async with tenant_session(engine, tenant_id) as session:
        training = await session.get_one(Training, (tenant_id, training_id))
        recipe = Recipe.model_validate(training.report["recipe"])
    await train_adapter(
        engine,
        actor,
        training_id,
        recipe,
        model_folder(settings),
        settings.adapters,
        rehearsal=settings.rehearsal,
    )


async def look_job(
    engine: AsyncEngine, servers: ModelServers, tenant_id: uuid.UUID, trial_id: uuid.UUID
) -> None:
    """Test one canary, of which an outcome was recorded."""
    await look(engine, servers, await worker_of(engine, tenant_id), trial_id)


async def look_at_all_job(engine: AsyncEngine, servers: ModelServers) -> None:
    """Test every tenant's open canaries."""
    for tenant in await list_tenants(engine):
        await look_at_all(engine, servers, await worker_of(engine, tenant.id))
