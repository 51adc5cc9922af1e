"""Turns at what all tenants share, such as the model servers: so many calls at once.

Max-min fairness: a free place goes to the waiting tenant with the fewest calls under way, and among
these to the one that has waited for a place the longest, so that a flood of one tenant makes its own
calls wait and delays another's by no more than the end of one call.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Gauge


class Turns:
    """``places`` calls at once; see the module. ``waiting`` and ``under_way`` count calls."""

    def __init__(self, places: int, waiting: Gauge | None = None, under_way: Gauge | None = None) -> None:
        self.places = places
        self._gauges = waiting, under_way
        self._open: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._enter(tenant)
        _, under_way = self._gauges
        _add(under_way, 1)
        try:
            yield
        finally:
            _add(under_way, -1)
            self._leave(tenant)

    async def _enter(self, tenant: str) -> None:
        if self._open.total() < self.places and not self._waiting:
            self._open[tenant] += 1
            return
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(given)
        waiting, _ = self._gauges
        _add(waiting, 1)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._leave(tenant)
            else:
                self._forget(tenant, given)
            raise
        finally:
            _add(waiting, -1)

    def _leave(self, tenant: str) -> None:
        self._open[tenant] -= 1
        if not self._open[tenant]:
            del self._open[tenant]
        self._give()

    def _give(self) -> None:
        """Give free places away."""
        while self._waiting and self._open.total() < self.places:
            tenant = min(self._waiting, key=lambda name: self._open[name])
            queue = self._waiting.pop(tenant)
            given = queue.popleft()
            if queue:
                self._waiting[tenant] = queue  # at the end: those alike take turns
            if not given.cancelled():
                self._open[tenant] += 1
                given.set_result(None)

    def _forget(self, tenant: str, given: asyncio.Future[None]) -> None:
        """Take a call that gave up out of the queue, unless its turn came and went."""
        queue = self._waiting.get(tenant, deque())
        if given in queue:
            queue.remove(given)
        if not queue:
            self._waiting.pop(tenant, None)


def _add(gauge: Gauge | None, count: int) -> None:
    if gauge is not None:
        gauge.inc(count)
