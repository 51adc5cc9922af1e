"""Background work of the flywheel: a queued training, from the data to a registered adapter."""

import uuid

from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.session import open_session, tenant_session
from ..platform.identity.access import Actor
from ..platform.identity.tables import Tenant
from ..platform.serving.base_model import model_folder
from ..platform.settings import Settings
from .tables import Training
from .training.launch import train_adapter
from .training.recipe import Recipe

WORKER = uuid.UUID(int=1)


async def training_job(
    engine: AsyncEngine, settings: Settings, tenant_id: uuid.UUID, training_id: uuid.UUID
) -> None:
    """Run one queued training as the worker of its tenant."""
    async with open_session(engine) as session:
        tenant = await session.get_one(Tenant, tenant_id)
    actor = Actor(tenant_id, tenant.slug, "admin", "worker", key_id=WORKER)
    async with tenant_session(engine, tenant_id) as session:
        training = await session.get_one(Training, (tenant_id, training_id))
        recipe = Recipe.model_validate(training.report["recipe"])
    await train_adapter(engine, actor, training_id, recipe, model_folder(settings), settings.adapters)
