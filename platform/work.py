"""The work of the queue: what each job does, and which the clock queues."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.captured import CLOSE_CLOCK, CLOSE_JOB, close_silent
from ..agents.closing import close_interrupted
from ..agents.graph import Limits
from ..agents.waiting import EXPIRE_CLOCK, EXPIRE_JOB, expire_waiting
from ..flywheel.evaluations import forget_waiting
from ..flywheel.jobs import (
    CLOCK,
    LOOK_AT_ALL_JOB,
    LOOK_JOB,
    TRAIN_JOB,
    look_at_all_job,
    look_job,
    training_job,
)
from ..flywheel.leftovers import forget_leftovers
from ..flywheel.offboarding import OFFBOARD_JOB, delete_tenant, forget_files, offboard_closed
from ..flywheel.retention import RETAIN_CLOCK, RETAIN_JOB, apply_to_all
from ..flywheel.screening.sweep import SCREEN_CLOCK, SCREEN_JOB, screen_waiting
from .database.connections import Connections
from .identity.tenants import list_tenants
from .jobs.queue import JobFunction, Queue, open_queue
from .serving.servers import ModelServers
from .settings import Settings
from .telemetry.months import prepare_months
from .telemetry.otlp.joining import forget_unjoined
from .usage.prices import Prices


@dataclass(frozen=True)
class Work:
    """What jobs need. Those that the clock queues are given ``timestamp``, the second that they are for."""

    engine: AsyncEngine
    connections: Connections
    settings: Settings
    servers: ModelServers
    prices: Prices
    limits: Limits

    def jobs(self) -> dict[str, JobFunction]:
        return {
            TRAIN_JOB: self.train, LOOK_JOB: self.look, LOOK_AT_ALL_JOB: self.look_at_all, CLOSE_JOB: self.close,
            EXPIRE_JOB: self.expire,
        }  # fmt: skip

    async def train(self, tenant_id: str, training_id: str) -> None:
        await training_job(self.engine, self.settings, uuid.UUID(tenant_id), uuid.UUID(training_id))

    async def look(self, tenant_id: str, trial_id: str) -> None:
        await look_job(self.engine, self.servers, uuid.UUID(tenant_id), uuid.UUID(trial_id))

    async def look_at_all(self, timestamp: int) -> None:
        await look_at_all_job(self.engine, self.servers)

    async def close(self, timestamp: int) -> None:
        """End the runs that nobody tells of any more."""
        await close_silent(self.engine, self.connections, self.prices)
        for tenant in await list_tenants(self.engine):
            await close_interrupted(self.engine, tenant.id, self.limits)

    async def expire(self, timestamp: int) -> None:
        await expire_waiting(self.engine, timedelta(days=self.settings.approval_days))


@asynccontextmanager
async def open_work(url: str, work: Work) -> AsyncIterator[Queue]:
    """The queue of all jobs, in the database at ``url``."""

    async def retain(timestamp: int) -> None:
        await apply_to_all(work.engine)
        await forget_waiting(work.engine)
        await forget_unjoined(work.engine)
        await forget_leftovers(work.engine, work.settings.path("datasets"))
        await offboard_closed(work.engine, queue)
        await forget_files(work.engine, work.settings)
        await queue.forget()
        await prepare_months(work.engine)

    async def offboard(slug: str) -> None:
        await delete_tenant(work.engine, queue, work.settings, slug)

    async def screen(timestamp: int) -> None:
        if work.settings.screen_captured:
            await screen_waiting(work.engine, url, work.settings.background_priority)

    clock = {
        **CLOCK, CLOSE_JOB: CLOSE_CLOCK, EXPIRE_JOB: EXPIRE_CLOCK, RETAIN_JOB: RETAIN_CLOCK, SCREEN_JOB: SCREEN_CLOCK,
    }  # fmt: skip
    jobs = {**work.jobs(), RETAIN_JOB: retain, SCREEN_JOB: screen, OFFBOARD_JOB: offboard}
    async with open_queue(url, jobs, clock) as queue:
        yield queue
