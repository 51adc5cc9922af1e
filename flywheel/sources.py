"""Between a build and whatever takes its runs away: they take turns, so that each sees what the other did."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.conditions import one_of
from ..platform.database.session import take_turns
from ..platform.portions import portions
from ..platform.serving.tables import Adapter
from .run_ids import AT_ONCE, RunIds
from .tables import Quarantine


async def take_turn(session: AsyncSession, tenant_id: uuid.UUID) -> None:
    """Until the transaction ends no other one stores a dataset of the tenant, deletes its runs or recalls them."""
    await take_turns(session, f"sources {tenant_id}")


def answered_tainted() -> ColumnElement[bool]:
    """The condition that an adapter answered a run which is tainted by now."""
    tainted = select(Adapter.name).where(Adapter.state == "tainted")
    return func.coalesce(Run.adapter, "").in_(tainted)


async def those_there(session: AsyncSession, run_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the runs that there are."""
    found: set[uuid.UUID] = set()
    for page in portions(run_ids, AT_ONCE):
        found.update(await session.scalars(select(Run.id).where(one_of(Run.id, page))))
    return found


async def still_usable(session: AsyncSession, run_ids: RunIds, used: RunIds) -> RunIds:
    """The runs without those that were deleted meanwhile, or answered by an adapter that was tainted, or recalled although a
    build had ``used`` them."""
    recalled = set(await session.scalars(select(Quarantine.run_id).where(Quarantine.state == "confirmed")))
    gone = {run for run in used if run in recalled} if recalled else set()
    left = RunIds()
    for page in portions(run_ids, AT_ONCE):
        there = await those_there(session, page)
        there -= set(await session.scalars(select(Run.id).where(one_of(Run.id, page), answered_tainted())))
        for run in page:
            if run in there and run not in gone:
                left.append(run)
    return left
