"""From the write-ahead log to PostgreSQL, for as long as it takes."""

import asyncio
import logging
from pathlib import Path

import anyio
import psycopg
from prometheus_client import Gauge

from .capture import Capture
from .store import load_records, store_records
from .wal import WriteAheadLog

_log = logging.getLogger(__name__)
LAG = Gauge("whorl_log_pending_bytes", "Bytes of redacted spans that are logged but not yet stored")
MAX_PAUSE = 15.0


async def drain_log(url: str, log: WriteAheadLog, batch: int = 500) -> int:
    """Store everything that ``log`` holds; returns the number of new spans."""
    new = 0
    while entries := await asyncio.to_thread(log.read, batch):
        records = [record for entry in entries for record in load_records(entry.payload)]
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=10) as connection:
            new += await store_records(connection, records)
        log.mark_stored(entries[-1].after)
    return new


async def drain_until(over: asyncio.Event, url: str, capture: Capture) -> None:
    """Store spans as they are logged; an unreachable database is tried again, waiting ever longer."""
    pause = 0.5
    while not over.is_set():
        capture.appended.clear()
        try:
            await drain_log(url, capture.log)
            LAG.set(capture.log.pending_bytes())
            pause = 0.5
            with anyio.move_on_after(2.0):
                await capture.appended.wait()
        except psycopg.Error as error:
            LAG.set(capture.log.pending_bytes())
            _log.warning("Spans wait in the log, the database failed: %s", type(error).__name__)
            with anyio.move_on_after(pause):
                await over.wait()
            pause = min(pause * 2, MAX_PAUSE)


async def drain_at_end(url: str, log: WriteAheadLog) -> None:
    """Store what is left when a process ends; what cannot be stored waits for the next process."""
    try:
        await drain_log(url, log)
    except psycopg.Error as error:
        _log.warning("%d bytes of spans stay in the log: %s", log.pending_bytes(), type(error).__name__)


async def drain_orphans(url: str, root: Path) -> int:
    """Store what processes left behind that died; returns the number of new spans."""
    new = 0
    for log in WriteAheadLog.orphans(root):
        try:
            new += await drain_log(url, log)
        finally:
            log.close()
    return new
