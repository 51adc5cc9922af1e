"""Runs of a list, with what was said in them and what became of them."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.listing import listed
from ..agents.tables import Run
from ..platform.database.base import now
from .trajectory import PAGE, Trajectory, trajectories
from .where import parse_where


class Listed(NamedTuple):
    """A run and its trajectory, which has no messages where none were captured."""

    run: Run
    told: Trajectory


async def latest(session: AsyncSession, limit: int, where: str | None = None) -> AsyncIterator[Listed]:
    """The last ``limit`` runs, or those of which a condition (``where.py``) holds, those that began last first.

    At most ``PAGE`` runs are in memory, however many are passed over. Raises InputError for a condition that is none.
    """
    holds = parse_where(where) if where is not None else None
    left, before = limit, None
    while left:
        size = PAGE if holds else min(PAGE, left)
        page = {run.id: run for run in await session.scalars(listed(size, before))}
        async for told in trajectories(session, list(page), now()):
            if left and (holds is None or holds(told)):
                left -= 1
                yield Listed(page[told.run_id], told)
        if len(page) < size:
            return
        before = list(page)[-1]
