"""From the write-ahead log to PostgreSQL, for as long as it takes."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import anyio
import psycopg
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..database.base import new_id
from ..database.connections import Connections
from ..logs import log_failure
from ..portions import portions
from . import conventions as c
from .capture import Capture
from .record import SpanRecord
from .store import load_records, store_records
from .wal import Entry, WriteAheadLog

_log = logging.getLogger(__name__)
LAG = Gauge("whorl_log_pending_bytes", "Bytes of redacted spans that are logged but not yet stored")
MAX_PAUSE = 15.0
# Seconds in which what is logged waits for more, to be stored with it; less where nothing comes for a while.
GATHER, QUIET = 0.5, 0.1
REFUSED = Counter("whorl_spans_refused", "Spans that the database cannot hold, set aside")
DAMAGED = Counter("whorl_log_damaged_bytes", "Bytes of logs that a disk has damaged, set aside")
# Entries are stored so many at a time at least, and in so many portions at most: whoever waits for an answer
# meanwhile waits for one of them, and each costs a transaction.
_LEAST, _PORTIONS = 16, 8
_DELETED = "SELECT count(*) FROM deleted_tenants WHERE id = ANY(%s)"
# Told of what has been stored, or is its own to store, at least once each; it raises where it must be told again.
Listener = Callable[[list[SpanRecord]], Awaitable[None]]
# The database, or the disk that the log's position is noted on.
_FAILED = (psycopg.Error, SQLAlchemyError, OSError)


class Drain:
    """Brings logs into the span store of one database, and tells ``listeners`` of spans in their order.

    ``logged`` are told last, by operation, of what came as log events and is no span: evaluations and messages.
    """

    def __init__(
        self,
        connections: Connections,
        listeners: Sequence[Listener] = (),
        logged: Mapping[str, Listener] | None = None,
    ) -> None:
        self.connections, self.listeners, self.logged = connections, listeners, logged or {}
        # Whoever waits for what is logged to be stored does so beside the drain that goes on all the time.
        self._reading = asyncio.Lock()

    async def log(self, log: WriteAheadLog, batch: int = 500) -> int:
        """Store everything that ``log`` holds; returns the number of new spans.

        One after the other: a log's position goes only forward.
        """
        async with self._reading:
            return await self._log(log, batch)

    async def _log(self, log: WriteAheadLog, batch: int) -> int:
        new, more = 0, True
        while more and (entries := await asyncio.to_thread(log.read, batch)):
            for some in portions(entries, max(_LEAST, len(entries) // _PORTIONS)):
                whole, damaged = _parted(some)
                new += await self._bring(log, whole)
                # Only once the rest is stored: what failed before that is read again, damage and all.
                for entry in damaged:
                    set_damaged_aside(log, entry)
                log.mark_stored(some[-1].after)
            more = len(entries) == batch
        return new

    async def _bring(self, log: WriteAheadLog, entries: list[Entry]) -> int:
        """Store entries together; where one cannot be held, each by itself, and that one is set aside.

        Or it would stop whatever comes after it, for every tenant. What is left of a tenant that was deleted goes.
        """
        try:
            return await self._store([record for entry in entries for record in load_records(entry.payload)])
        except (psycopg.Error, SQLAlchemyError) as error:
            if not _unfit(error):
                raise
            if len(entries) == 1:
                if not await self._of_deleted(entries[0]):
                    set_aside(log, entries[0], error)
                return 0
        return sum([await self._bring(log, [entry]) for entry in entries])

    async def _of_deleted(self, entry: Entry) -> bool:
        tenants = {uuid.UUID(record.tenant_id) for record in load_records(entry.payload)}
        [deleted] = await self.connections.row(_DELETED, [list(tenants)])
        return bool(deleted == len(tenants))

    async def _store(self, records: list[SpanRecord]) -> int:
        spans = [record for record in records if c.LOGGED not in record.attributes]
        new = await store_records(self.connections, spans)
        for listener in self.listeners:
            await listener(spans)
        events = [record for record in records if c.LOGGED in record.attributes]
        for operation, take in self.logged.items():
            if told := [event for event in events if event.operation == operation]:
                await take(told)
        return new

    async def until(self, over: asyncio.Event, capture: Capture) -> None:
        """Store spans as they are logged; what fails is tried again, waiting ever longer.

        A database that is away comes back, and an error that nobody expected is none that spans may be lost for.
        """
        pause = 0.5
        while not over.is_set():
            capture.appended.clear()
            try:
                await self.log(capture.log)
                LAG.set(capture.log.pending_bytes())
                pause = 0.5
                with anyio.move_on_after(2.0):
                    await capture.appended.wait()
                await self._gather(over, capture)
            except Exception as error:  # noqa: BLE001 - the process goes on, and so must its spans
                LAG.set(capture.log.pending_bytes())
                if isinstance(error, _FAILED):
                    _log.warning("Spans wait in the log: %s", type(error).__name__)
                else:
                    log_failure(_log, "Spans wait in the log", error)
                with anyio.move_on_after(pause):
                    await over.wait()
                pause = min(pause * 2, MAX_PAUSE)

    async def _gather(self, over: asyncio.Event, capture: Capture) -> None:
        """Let more be logged; a look now and then costs less than being woken by each run."""
        last = anyio.current_time() + GATHER
        while anyio.current_time() < last and not over.is_set():
            capture.appended.clear()
            with anyio.move_on_after(QUIET):
                await over.wait()
            if not capture.appended.is_set():
                return

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


def _parted(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Entries that can be read, and what stands where others were."""
    parted: tuple[list[Entry], list[Entry]] = ([], [])
    for entry in entries:
        parted[entry.damaged].append(entry)
    return parted


def _unfit(error: Exception) -> bool:
    """Whether another try would fail as well: no column takes a value, or there is no such tenant, as in an older database."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.DataError | psycopg.errors.ForeignKeyViolation)


def set_aside(log: WriteAheadLog, entry: Entry, error: Exception) -> Path:
    """Keep a log's entry, which is redacted, as a file beside the logs; returns the file."""
    file = _kept(log, entry, ".json")
    REFUSED.inc(len(load_records(entry.payload)))
    _log.error("Spans that the database cannot hold are in %s: %s", file, type(error).__name__)
    return file


def set_damaged_aside(log: WriteAheadLog, entry: Entry) -> Path:
    """Keep what stands where a log's records cannot be read any more; returns the file."""
    file = _kept(log, entry, ".damaged")
    DAMAGED.inc(len(entry.payload))
    _log.error(
        "%d bytes of a log of spans are damaged, and kept in %s: check the disk", len(entry.payload), file
    )
    return file


def _kept(log: WriteAheadLog, entry: Entry, suffix: str) -> Path:
    file = _refused(log.folder.parent) / f"{new_id().hex}{suffix}"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(entry.payload)
    return file


def forget_refused(root: Path, tenants: Collection[str]) -> int:
    """Remove what was set aside beside the logs below ``root`` of some tenants, by id; returns how many files.

    Of what is damaged, whatever names one of them.
    """
    files = [
        file
        for file in _refused(root).glob("*.json")
        if any(record.tenant_id in tenants for record in load_records(file.read_bytes()))
    ]
    files += [
        file
        for file in _refused(root).glob("*.damaged")
        if any(tenant.encode() in file.read_bytes() for tenant in tenants)
    ]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _refused(root: Path) -> Path:
    return root.with_name(f"{root.name}-refused")
