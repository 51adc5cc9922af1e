"""From the write-ahead log to PostgreSQL, for as long as it takes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import anyio
import psycopg
from prometheus_client import Gauge
from sqlalchemy.exc import DBAPIError

from .capture import Capture
from .record import SpanRecord
from .store import load_records, store_records
from .wal import WriteAheadLog

_log = logging.getLogger(__name__)
LAG = Gauge("whorl_log_pending_bytes", "Bytes of redacted spans that are logged but not yet stored")
MAX_PAUSE = 15.0
# Told of spans that are in the store, at least once each; it raises where it must be told again.
Listener = Callable[[list[SpanRecord]], Awaitable[None]]
_FAILED = (psycopg.Error, DBAPIError)


class Drain:
    """Brings logs into the span store of one database, and tells ``listeners`` in their order."""

    def __init__(self, url: str, listeners: Sequence[Listener] = ()) -> None:
        self.url, self.listeners = url, listeners

    async def log(self, log: WriteAheadLog, batch: int = 500) -> int:
        """Store everything that ``log`` holds; returns the number of new spans."""
        new = 0
        while entries := await asyncio.to_thread(log.read, batch):
            records = [record for entry in entries for record in load_records(entry.payload)]
            async with await psycopg.AsyncConnection.connect(self.url, connect_timeout=10) as connection:
                new += await store_records(connection, records)
            for listener in self.listeners:
                await listener(records)
            log.mark_stored(entries[-1].after)
        return new

    async def until(self, over: asyncio.Event, capture: Capture) -> None:
        """Store spans as they are logged; an unreachable database is tried again, waiting ever longer."""
        pause = 0.5
        while not over.is_set():
            capture.appended.clear()
            try:
                await self.log(capture.log)
                LAG.set(capture.log.pending_bytes())
                pause = 0.5
                with anyio.move_on_after(2.0):
                    await capture.appended.wait()
            except _FAILED as error:
                LAG.set(capture.log.pending_bytes())
                _log.warning("Spans wait in the log, the database failed: %s", type(error).__name__)
                with anyio.move_on_after(pause):
                    await over.wait()
                pause = min(pause * 2, MAX_PAUSE)

    async def at_end(self, log: WriteAheadLog) -> None:
        """Store what is left when a process ends; what cannot be stored waits for the next process."""
        try:
            await self.log(log)
        except _FAILED as error:
            _log.warning("%d bytes of spans stay in the log: %s", log.pending_bytes(), type(error).__name__)

    async def orphans(self, root: Path) -> int:
        """Store what processes left behind that died; returns the number of new spans."""
        new = 0
        for log in WriteAheadLog.orphans(root):
            try:
                new += await self.log(log)
            finally:
                log.close()
        return new
