"""Work that goes on beside what a process is asked for."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any


def go_on_until_closed(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Begin ``work``, which is cancelled and waited for when ``stack`` is closed."""
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)
