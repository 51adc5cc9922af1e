"""Admission of runs: requests like any, of which so many may be under way at once."""

import uuid
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.errors import LimitError
from ..platform.usage.admission import admit
from ..platform.usage.quotas import Standing

# Of runs that no quota counts: evaluations, shadows; those of other programs have a tag of their own.
UNMETERED_TAG = "unmetered"


async def admit_runs(
    session: AsyncSession, tenant_id: uuid.UUID, longest: timedelta, wanted: int = 1
) -> list[Standing | LimitError]:
    """Let so many runs start, the first of them first, or say why not: what is left, or a LimitError, for each.

    The caller inserts those that are let in, in the same transaction; others wait until it has.
    ``longest`` is how long a run may take: what runs for longer has died.
    """
    return await admit(session, tenant_id, wanted, longest)
