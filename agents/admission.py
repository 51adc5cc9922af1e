"""Admission of runs: requests like any, of which so many may be under way at once."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.errors import LimitError
from ..platform.usage.admission import Room, admit
from ..platform.usage.quotas import Quotas, Standing
from .captured import CAPTURED_TAG
from .tables import Run

# Of runs that no quota counts: evaluations, shadows; those of other programs have a tag of their own.
UNMETERED_TAG = "unmetered"
# Seconds after which a run that must wait for another to end may ask again.
_RETRY = 1.0


async def admit_runs(
    session: AsyncSession, tenant_id: uuid.UUID, longest: timedelta, wanted: int = 1
) -> list[Standing | LimitError]:
    """Let so many runs start, the first of them first, or say why not: what is left, or a LimitError, for each.

    The caller inserts those that are let in, in the same transaction; others wait until it has.
    ``longest`` is how long a run may take: what runs for longer has died.
    """

    async def running_room(session: AsyncSession, quotas: Quotas, moment: datetime) -> Room:
        return await _running_room(session, quotas, moment - longest)

    return await admit(session, tenant_id, wanted, running_room)


async def _running_room(session: AsyncSession, quotas: Quotas, since: datetime) -> Room:
    most = quotas.concurrent_runs
    if most is None:
        return Room()
    alive = func.coalesce(Run.resumed_at, Run.started_at) > since
    counted = (~Run.tags.contains([tag]) for tag in (UNMETERED_TAG, CAPTURED_TAG))
    running = select(func.count()).where(Run.status == "running", alive, *counted)
    left = most - (await session.scalar(running) or 0)
    return Room(left, LimitError(f"The workspace may have {most} runs at once. Wait until one ends.", _RETRY))
