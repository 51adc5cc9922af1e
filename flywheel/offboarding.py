"""Deleting a workspace: all that is its own goes, from every table and folder, once nobody can enter it any more."""

import shutil
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import anyio
from anyio import to_thread
from sqlalchemy import Table, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.tables import Run
from ..platform.database.base import now, tenant_tables
from ..platform.database.session import count_of, is_held, tenant_session
from ..platform.errors import ConflictError
from ..platform.identity.closing import close_tenant
from ..platform.identity.operator import note
from ..platform.identity.tables import DeletedTenant, Tenant
from ..platform.identity.tenants import list_deleted, list_tenants
from ..platform.jobs.queue import Queue
from ..platform.settings import Settings
from ..platform.telemetry.drain import forget_refused
from .sources import take_turn
from .tables import Training
from .training.progress import CANCELLED
from .training.resume import lock_of

OFFBOARD_JOB = "offboard"
# Seconds for which runs under way may end, and processes of trainings that were stopped.
RUNS_END, TRAININGS_END = 30.0, 120.0
LOOK = 0.5
# Rows that one transaction deletes.
BATCH = 5000
# Of these the application may delete nothing: they go with the tenant's own row.
_WITH_THE_TENANT = {"audit_events", "erased_runs"}


class Deleted(NamedTuple):
    """What became of a workspace: how many rows of each table went."""

    slug: str
    rows: dict[str, int]


async def delete_tenant(engine: AsyncEngine, queue: Queue, settings: Settings, slug: str) -> Deleted:
    """Delete a workspace; one that was cut short is made whole by another.

    What a log still has of it is not stored any more, and model servers unload its adapters when they are looked at next.

    Raises NotFoundError where there is none of that slug, ConflictError where a process that trains for it does not end.
    """
    tenant = await close_tenant(engine, slug)
    await _end_trainings(engine, tenant.id)
    await _end_runs(engine, tenant.id)
    rows = await _empty(engine, tenant.id)
    async with tenant_session(engine, tenant.id) as session:
        await take_turn(session, tenant.id)
        session.add(DeletedTenant(id=tenant.id, slug=slug, deleted_at=now()))
        await session.execute(delete(Tenant).where(Tenant.id == tenant.id))
        note(session, "tenant.deleted", slug, rows=rows)
    await queue.forget_tenant(tenant.id)
    await forget_files(engine, settings)
    return Deleted(slug, rows)


async def queue_deletion(queue: Queue, slug: str) -> None:
    """Let a worker delete a workspace that was closed; where one is to already, nothing more."""
    await queue.defer_once(OFFBOARD_JOB, lock=f"offboard:{slug}", slug=slug)


async def offboard_closed(engine: AsyncEngine, queue: Queue) -> None:
    """Let workers go on with every deletion that was cut short."""
    for tenant in await list_tenants(engine):
        if tenant.closed_at is not None:
            await queue_deletion(queue, tenant.slug)


async def forget_files(engine: AsyncEngine, settings: Settings) -> int:
    """Remove what lies on this machine of workspaces that were deleted; returns how many folders and files it was.

    A build or a training that did not know wrote it later, or a process that died before it was removed.
    """
    deleted = await list_deleted(engine)
    datasets, spans = settings.path("datasets"), settings.path("spans", "log").parent

    def remove() -> int:
        folders = [
            folder
            for tenant in deleted
            for folder in (datasets / str(tenant.id), *_adapters(settings.adapters, tenant.slug))
            if folder.is_dir()
        ]
        for folder in folders:
            # Of several processes that begin at once, another may remove it just now.
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)
        return len(folders) + forget_refused(spans, {str(tenant.id) for tenant in deleted})

    return await to_thread.run_sync(remove)


def _adapters(adapters: Path, slug: str) -> list[Path]:
    """The folders of a workspace's adapters, and of trainings that left one unfinished."""
    return list(adapters.glob(f"{slug}.v[0-9]*"))


async def _end_trainings(engine: AsyncEngine, tenant_id: uuid.UUID) -> None:
    """Stop the trainings, and wait until no process writes for one any more."""
    async with tenant_session(engine, tenant_id) as session:
        trainings = list(await session.scalars(select(Training).with_for_update()))
        for training in trainings:
            if training.status in ("queued", "running"):
                training.status, training.ended_at = CANCELLED, now()

    async def none_trains(session: AsyncSession) -> bool:
        return not any([await is_held(session, lock_of(training.id)) for training in trainings])

    if not await _come(engine, tenant_id, none_trains, TRAININGS_END):
        raise ConflictError(
            "A training of the workspace does not end. Delete the workspace again when it has."
        )


async def _end_runs(engine: AsyncEngine, tenant_id: uuid.UUID) -> None:
    """Let runs under way come to their end, for a while: no other begins."""

    async def none_runs(session: AsyncSession) -> bool:
        return await session.scalar(select(Run.id).where(Run.status == "running").limit(1)) is None

    await _come(engine, tenant_id, none_runs, RUNS_END)


async def _come(
    engine: AsyncEngine,
    tenant_id: uuid.UUID,
    holds: Callable[[AsyncSession], Awaitable[bool]],
    patience: float,
) -> bool:
    """Wait until something holds of a tenant, so many seconds at most; returns whether it does."""
    with anyio.move_on_after(patience):
        while True:
            async with tenant_session(engine, tenant_id) as session:
                if await holds(session):
                    return True
            await anyio.sleep(LOOK)
    return False


async def _empty(engine: AsyncEngine, tenant_id: uuid.UUID) -> dict[str, int]:
    """Delete a tenant's rows, dependents first, in batches that hold no lock for long; how many rows of each table went."""
    counts: dict[str, int] = {}
    for table in reversed(tenant_tables()):
        if table.name in _WITH_THE_TENANT:
            continue
        while number := await _delete_some(engine, tenant_id, table):
            counts[table.name] = counts.get(table.name, 0) + number
    return counts


async def _delete_some(engine: AsyncEngine, tenant_id: uuid.UUID, table: Table) -> int:
    key = list(table.primary_key)
    some = select(*key).where(table.c.tenant_id == tenant_id).order_by(*key).limit(BATCH)
    async with tenant_session(engine, tenant_id) as session:
        return await count_of(session, delete(table).where(tuple_(*key).in_(some)))
