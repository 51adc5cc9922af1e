"""Retention: runs and conversations go when they are older than their tenant lets them become.

A run that a dataset was made of stays for as long as the dataset, or nobody could say any more whose data it has: such runs go by
erasure, which follows them into the dataset. Batches are small, each a transaction, so that no lock is held for long.
"""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.forgetting import delete_conversations
from ..agents.tables import Conversation, Message, Run
from ..platform.database.base import now
from ..platform.database.session import put_row, tenant_session
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.identity.tenants import list_tenants
from .erasure import delete_runs
from .jobs import worker_of
from .sources import take_turn
from .tables import DatasetRun, Retention

RETAIN_JOB = "retain"
# At night, in the time zone of the database's clock (UTC).
RETAIN_CLOCK = "17 2 * * *"
BATCH = 200


class Days(BaseModel):
    """How many days runs and conversations are kept after their end; None for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_days: int | None = Field(None, ge=1, le=36_500)
    conversation_days: int | None = Field(None, ge=1, le=36_500)


async def days_of(session: AsyncSession, tenant_id: uuid.UUID) -> Days:
    """A tenant's retention; for ever where nobody said otherwise."""
    row = await session.get(Retention, tenant_id)
    return Days() if row is None else Days(run_days=row.run_days, conversation_days=row.conversation_days)


async def change_days(session: AsyncSession, actor: Actor, days: Days) -> None:
    """Set a tenant's retention."""
    actor.require("administer")
    await put_row(session, Retention, tenant_id=actor.tenant_id, changed_at=now(), **days.model_dump())
    record(session, actor, "retention.changed", actor.tenant_slug, **days.model_dump())


async def apply_to_all(engine: AsyncEngine) -> None:
    """Delete what is too old, in every tenant."""
    for tenant in await list_tenants(engine):
        await apply_days(engine, worker_of(tenant))


async def apply_days(engine: AsyncEngine, actor: Actor) -> dict[str, int]:
    """Delete what is too old in a tenant; how many rows of each table went, and ``held`` runs, which datasets need."""
    async with tenant_session(engine, actor.tenant_id) as session:
        days = await days_of(session, actor.tenant_id)
    moment, counts = now(), Counter[str]()
    if days.run_days is not None:
        before = moment - timedelta(days=days.run_days)
        counts += await _in_batches(
            engine, actor, lambda session: _delete_runs(session, actor.tenant_id, before)
        )
        async with tenant_session(engine, actor.tenant_id) as session:
            counts["held"] = int(await session.scalar(select(func.count()).where(*_old_runs(before))) or 0)
    if days.conversation_days is not None:
        before_talk = moment - timedelta(days=days.conversation_days)
        counts += await _in_batches(
            engine, actor, lambda session: _delete_conversations(session, before_talk)
        )
    gone = {name: number for name, number in counts.items() if number}
    if gone.keys() - {"held"}:
        async with tenant_session(engine, actor.tenant_id) as session:
            record(session, actor, "retention.applied", actor.tenant_slug, **gone)
    return gone


async def _in_batches(
    engine: AsyncEngine, actor: Actor, delete_some: Callable[[AsyncSession], Awaitable[dict[str, int]]]
) -> Counter[str]:
    """Delete batch by batch until nothing is left."""
    counts: Counter[str] = Counter()
    while True:
        async with tenant_session(engine, actor.tenant_id) as session:
            some = await delete_some(session)
        if not some:
            return counts
        counts.update(some)


def _old_runs(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Runs that ended before a moment; those under way or waiting for a person are not over."""
    return func.coalesce(Run.ended_at, Run.started_at) < before, Run.status.not_in(["running", "waiting"])


async def _delete_runs(session: AsyncSession, tenant_id: uuid.UUID, before: datetime) -> dict[str, int]:
    """Delete up to ``BATCH`` runs; those that another transaction works on are left to a later batch."""
    await take_turn(session, tenant_id)
    needed = exists().where(DatasetRun.run_id == Run.id)
    query = select(Run.id).where(*_old_runs(before), ~needed)
    keys = list(await session.scalars(query.limit(BATCH).with_for_update(skip_locked=True)))
    return await delete_runs(session, keys) if keys else {}


async def _delete_conversations(session: AsyncSession, before: datetime) -> dict[str, int]:
    """Delete up to ``BATCH`` conversations in which nobody has said anything since and no run is open."""
    last = select(func.max(Message.created_at)).where(Message.conversation_id == Conversation.id)
    said = func.coalesce(last.scalar_subquery(), Conversation.created_at)
    open_runs = exists().where(Run.conversation_id == Conversation.id, Run.status.in_(["running", "waiting"]))
    query = select(Conversation.id).where(said < before, ~open_runs)
    keys = list(await session.scalars(query.limit(BATCH).with_for_update(skip_locked=True, of=Conversation)))
    return await delete_conversations(session, keys) if keys else {}
