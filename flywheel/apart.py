"""Dataset builds in a process of their own, so that chats go on beside them: last in priority, on one thread."""

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.session import create_engine, tenant_session
from ..platform.errors import UpstreamError
from .build import Format
from .datasets import Selection, create_dataset, find_dataset
from .tables import Dataset

# The least priority of a process (nice(1)); the kernel gives it what others leave.
LAST = 19
_ONE = CapacityLimiter(1)


async def create_apart(
    engine: AsyncEngine, url: str, tenant_id: uuid.UUID, folder: Path, format: Format, selection: Selection,
    **options: Any,
) -> Dataset:  # fmt: skip
    """As :func:`create_dataset`, in another process; one build at a time, the others wait.

    Raises what ``create_dataset`` raises, and UpstreamError where the process dies; then nothing is
    left of the build.
    """
    try:
        dataset_id = await anyio.to_process.run_sync(
            build_last, url, tenant_id, folder, format, selection, options, cancellable=True, limiter=_ONE
        )
    except (BrokenWorkerProcess, ProcessLookupError) as error:  # the latter where it dies as it starts
        raise UpstreamError(
            "The process that built the dataset ended before the dataset was complete, most likely for want of "
            "memory. Nothing was kept of it: build it again, from fewer runs if it happens again."
        ) from error
    async with tenant_session(engine, tenant_id) as session:
        return await find_dataset(session, dataset_id)


def build_last(
    url: str, tenant_id: uuid.UUID, folder: Path, format: Format, selection: Selection, options: dict[str, Any]
) -> uuid.UUID:  # fmt: skip
    """Build a dataset when nobody else needs the processor; returns its id. For a process of its own."""
    import torch

    step_back()
    torch.set_num_threads(1)
    return asyncio.run(_build(url, tenant_id, folder, format, selection, options))


def step_back() -> None:
    """Give this process the least priority; where it has less already, it stays."""
    os.setpriority(os.PRIO_PROCESS, 0, LAST)


async def _build(
    url: str, tenant_id: uuid.UUID, folder: Path, format: Format, selection: Selection, options: dict[str, Any]
) -> uuid.UUID:  # fmt: skip
    engine = create_engine(url)
    try:
        return (await create_dataset(engine, tenant_id, folder, format, selection, **options)).id
    finally:
        await engine.dispose()
