"""Between a build and whatever takes its runs away: they take turns, so that each sees what the other did."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.session import take_turns
from ..platform.portions import portions
from .tables import Quarantine

# Runs asked for at once: a statement takes at most 32,767 values.
_PAGE = 10_000


async def take_turn(session: AsyncSession, tenant_id: uuid.UUID) -> None:
    """Until the transaction ends no other one stores a dataset of the tenant, deletes its runs or recalls them."""
    await take_turns(session, f"sources {tenant_id}")


async def those_there(session: AsyncSession, run_ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the runs that there are."""
    found: set[uuid.UUID] = set()
    for page in portions(run_ids, _PAGE):
        found.update(await session.scalars(select(Run.id).where(Run.id.in_(page))))
    return found


async def still_usable(
    session: AsyncSession, run_ids: list[uuid.UUID], used: set[uuid.UUID]
) -> list[uuid.UUID]:
    """The runs without those that were deleted meanwhile, or were recalled although a build had ``used`` them."""
    there = await those_there(session, run_ids)
    recalled = set(await session.scalars(select(Quarantine.run_id).where(Quarantine.state == "confirmed")))
    left = there - (recalled & used)
    return [run for run in run_ids if run in left]
