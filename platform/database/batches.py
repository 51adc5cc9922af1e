"""Small pieces of work of one tenant, done together: what waits while a transaction runs goes into the next one."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# Does the work of several items of a tenant: a result, or what it fails with, for each in its place.
Work = Callable[[uuid.UUID, list[Item]], Awaitable[Sequence[Result | Exception]]]
_AT_ONCE = 200
# Turns of the event loop in which what comes goes into the same batch: those that one batch answered ask together again.
_TURNS = 10


class Batches(Generic[Item, Result]):
    """Brings items to ``work``, one batch of a tenant at a time. An item that comes alone waits for no other.

    >>> async def doubled(tenant_id, items):
    ...     return [2 * item for item in items]
    >>> async def main():
    ...     return await Batches(doubled).add(uuid.UUID(int=1), 21)
    >>> asyncio.run(main())
    42
    """

    def __init__(self, work: Work[Item, Result]) -> None:
        self._work = work
        self._waiting: defaultdict[uuid.UUID, list[tuple[Item, asyncio.Future[Result]]]] = defaultdict(list)
        self._working: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def add(self, tenant_id: uuid.UUID, item: Item) -> Result:
        """The result of an item; raises what its work fails with. An item whose caller is gone is passed over."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[tenant_id].append((item, future))
        if tenant_id not in self._working:
            self._working[tenant_id] = asyncio.create_task(self._run(tenant_id))
        return await future

    async def _run(self, tenant_id: uuid.UUID) -> None:
        try:
            while tenant_id in self._waiting:
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                waiting = self._waiting.pop(tenant_id)
                if len(waiting) > _AT_ONCE:
                    self._waiting[tenant_id] = waiting[_AT_ONCE:]
                await self._batch(tenant_id, [each for each in waiting[:_AT_ONCE] if not each[1].done()])
        finally:
            del self._working[tenant_id]
            for _, future in self._waiting.pop(tenant_id, []):
                future.cancel()

    async def _batch(self, tenant_id: uuid.UUID, batch: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        if not batch:
            return
        results: Sequence[Result | Exception]
        try:
            results = await self._work(tenant_id, [item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever fails is raised where each item was added
            results = [error] * len(batch)
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
