"""Admission: a run starts where the tenant's quotas let it, counted in the database, so that replicas count together."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.database.session import take_turns
from ..platform.errors import LimitError
from ..platform.usage.quotas import MINUTE, Quotas, Standing, check_spending, quotas_of, tokens_left
from .captured import CAPTURED_TAG
from .tables import Run

# Of runs that no quota counts: evaluations, shadows; those of other programs have a tag of their own.
UNMETERED_TAG = "unmetered"
# Seconds after which a run that must wait for another to end may ask again.
_RETRY = 1.0


async def admit(session: AsyncSession, tenant_id: uuid.UUID, longest: timedelta) -> Standing:
    """Let a run start: the caller inserts it in the same transaction, and others wait until it has.

    ``longest`` is how long a run may take: what runs for longer has died. Raises LimitError, with when
    to try again, for a quota that is used up.
    """
    quotas = await quotas_of(session, tenant_id)
    if quotas == Quotas():
        return Standing(quotas)
    await take_turns(session, f"quota:{tenant_id}")
    moment = now()
    await _check_running(session, quotas, moment - longest)
    requests = await _requests_left(session, quotas, moment)
    tokens = await tokens_left(session, quotas, moment)
    await check_spending(session, quotas, moment)
    return Standing(quotas, requests, tokens)


def _counted() -> list[ColumnElement[bool]]:
    return [~Run.tags.contains([tag]) for tag in (UNMETERED_TAG, CAPTURED_TAG)]


async def _check_running(session: AsyncSession, quotas: Quotas, since: datetime) -> None:
    most = quotas.concurrent_runs
    if most is None:
        return
    alive = func.coalesce(Run.resumed_at, Run.started_at) > since
    running = select(func.count()).where(Run.status == "running", alive, *_counted())
    if (await session.scalar(running) or 0) >= most:
        raise LimitError(f"The workspace may have {most} runs at once. Wait until one ends.", _RETRY)


async def _requests_left(session: AsyncSession, quotas: Quotas, moment: datetime) -> int | None:
    """Requests left of the minute that ends now, after this one."""
    most = quotas.requests_per_minute
    if most is None:
        return None
    if most == 0:
        raise LimitError("The workspace may make no requests. Ask the operator.")
    # Clocks of replicas differ a little; a run of a later time is of before a clock was set back.
    recent = Run.started_at.between(moment - MINUTE, moment + MINUTE)
    started = select(Run.started_at).where(recent, *_counted()).order_by(Run.started_at.desc()).limit(most)
    made = list(await session.scalars(started))
    if len(made) == most:
        wait = (made[-1] + MINUTE - moment).total_seconds()
        raise LimitError(f"The workspace may make {most} requests a minute.", max(wait, 0.1))
    return most - len(made) - 1
