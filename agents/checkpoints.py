"""What is kept to go on with a run: langgraph's tables, under the same policy as all that tenants own."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Text, column, delete, table
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.conditions import one_of
from ..platform.database.session import count_of

CHECKPOINTS = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


async def forget_checkpoints(session: AsyncSession, runs: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete what is kept to go on with runs; how many rows of each table went."""
    threads = [str(run) for run in runs]
    return {
        name: await count_of(session, delete(table(name)).where(one_of(column("thread_id", Text), threads)))
        for name in CHECKPOINTS
    }
