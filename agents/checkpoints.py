"""What is kept to go on with a run: langgraph's tables, under the same policy as all that tenants own."""

import uuid
from collections.abc import Sequence

from sqlalchemy import column, delete, table
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.session import count_of

CHECKPOINTS = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


async def forget_checkpoints(session: AsyncSession, runs: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete what is kept to go on with runs; how many rows of each table went."""
    threads = [str(run) for run in runs]
    return {
        name: await count_of(session, delete(table(name)).where(column("thread_id").in_(threads)))
        for name in CHECKPOINTS
    }
