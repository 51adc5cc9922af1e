"""Runs that wait for a person and are given up: on request, or because nobody came for long."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.identity.tenants import list_tenants
from .approvals import withdraw_calls
from .checkpoints import forget_checkpoints
from .endings import CANCELLED, EXPIRED, cancelled
from .events import RunEnded, Spent
from .journal import last_number, store, told
from .tables import Approval, Run

EXPIRE_JOB, EXPIRE_CLOCK = "expire_waiting", "41 * * * *"
# Runs in one transaction, so that none is long.
_AT_ONCE = 100


async def give_up(session: AsyncSession, run: Run, reason: str = CANCELLED) -> None:
    """End a waiting run, which is locked, as cancelled: its calls are withdrawn, and it cannot go on."""
    ended = await end_cancelled(session, run, reason)
    await session.flush()
    number = await last_number(session, run.id) + 1
    await store(session, run.tenant_id, run.id, [told(number, ended)])


async def end_cancelled(session: AsyncSession, run: Run, reason: str = CANCELLED) -> RunEnded:
    """End a run that nothing carries as cancelled, with what it has used so far; the event that tells of it."""
    run.status, run.stop_reason, run.ended_at = "cancelled", reason, now()
    await withdraw_calls(session, run)
    await forget_checkpoints(session, [run.id])
    return cancelled(run.id, Spent(run.steps, run.input_tokens, run.output_tokens), reason)


async def expire_waiting(engine: AsyncEngine, longest: timedelta) -> None:
    """Give up the runs, in every tenant, that have waited for a person for longer than that."""
    before = now() - longest
    for tenant in await list_tenants(engine):
        while await _expire_some(engine, tenant.id, before) == _AT_ONCE:
            pass


async def _expire_some(engine: AsyncEngine, tenant_id: uuid.UUID, before: datetime) -> int:
    """Give up runs that wait since before a moment; those that somebody decides about just now are left."""
    asked = select(Approval.run_id).where(Approval.state == "pending", Approval.asked_at < before)
    overdue = select(Run).where(Run.status == "waiting", Run.id.in_(asked)).limit(_AT_ONCE)
    async with tenant_session(engine, tenant_id) as session:
        runs = list(await session.scalars(overdue.with_for_update(skip_locked=True)))
        for run in runs:
            await give_up(session, run, EXPIRED)
    return len(runs)
