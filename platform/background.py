"""Work that goes on beside what a process is asked for."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

# Seconds after which a task that was cancelled and goes on is cancelled again.
PATIENCE = 1.0


def go_on_until_closed(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Begin ``work``, which is cancelled and waited for when ``stack`` is closed."""
    stack.push_async_callback(stop, asyncio.create_task(work))


async def stop(task: "asyncio.Task[None]", patience: float = PATIENCE) -> None:
    """Cancel a task and wait for its end; raises the error that it ended with, if any.

    Libraries lose a cancellation now and then, which then is a task's that never ends: SQLAlchemy makes it a
    ResourceClosedError while an engine connects for the first time, asyncio's own ``wait_for`` drops it before Python
    3.12 (https://github.com/python/cpython/issues/86296).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=patience)
    if not task.cancelled():
        task.result()
