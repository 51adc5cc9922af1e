"""Reading in this process."""

import uuid
from collections.abc import AsyncIterator, Sequence

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ..screening.looks import known_looks
from ..screening.screener import default_screener
from ..trajectory import pages, trajectories
from .base import Page, Reading, look


class LocalReader:
    """See :class:`Reader`."""

    async def pages(
        self, session: AsyncSession, run_ids: Sequence[uuid.UUID], reading: Reading
    ) -> AsyncIterator[Page]:
        screener = default_screener()
        async for found in pages(trajectories(session, run_ids, reading.as_of)):
            known = await known_looks(session, [run.run_id for run in found])
            yield await to_thread.run_sync(look, found, reading, screener, known)
