"""What builds that died left on the disk: folders that belong to no dataset, with rows of anybody."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.identity.tenants import list_tenants
from .tables import Dataset

# A build that has written nothing for so long is over.
SILENCE = timedelta(days=1)


async def forget_leftovers(engine: AsyncEngine, datasets: Path) -> int:
    """Remove what no build goes on with, below the folder of all tenants' datasets; how many folders it was."""
    gone, before = 0, now() - SILENCE
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            known = {str(dataset) for dataset in await session.scalars(select(Dataset.id))}
        gone += await to_thread.run_sync(_remove_others, datasets / str(tenant.id), known, before)
    return gone


def _remove_others(place: Path, known: set[str], before: datetime) -> int:
    if not place.is_dir():
        return 0
    folders = [each for each in place.iterdir() if each.is_dir() and each.name not in known]
    old = [each for each in folders if _written(each) < before.timestamp()]
    for each in old:
        shutil.rmtree(each)
    return len(old)


def _written(folder: Path) -> float:
    """When something in a folder was last written, seconds since the epoch."""
    return max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
