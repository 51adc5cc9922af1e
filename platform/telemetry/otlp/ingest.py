"""Ingest: what other programs export, through the write barrier into the log, and the limit on what waits."""

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from ...errors import LimitError
from ...turns import Turns
from ..capture import Capture
from ..record import SpanRecord
from ..redaction.memory import Memories, Stored
from .records import Accepted
from .request import ContentType, decompress
from .signals import Signal

RETRY_AFTER = 5.0


@dataclass(frozen=True)
class IngestLimits:
    """Bytes of one body, unpacked, and of all that is accepted or being accepted but not stored yet."""

    body: int
    backlog: int

    @property
    def share(self) -> int:
        """Bytes of one tenant's that may be being accepted, so that others' find room."""
        return max(self.body, self.backlog // 2)


class Ingest:
    """Takes exports; one thread parses, redacts and logs them, those of a tenant in the order they came.

    Tenants take turns, body by body.
    """

    def __init__(self, capture: Capture, limits: IngestLimits, stored: Stored) -> None:
        self.limits = limits
        self._capture = capture
        self._memories = Memories(stored)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whorl-ingest")
        # One more than the thread has, so that it does not wait for the next.
        self._turns = Turns(2)
        self._waiting: Counter[uuid.UUID] = Counter()

    async def take(
        self, signal: Signal, tenant_id: uuid.UUID, body: bytes, content_type: ContentType, encoding: str
    ) -> Accepted:
        """Log what a body, for which there is room, has of ``signal``, redacted; what is returned is on disk.

        Raises BadRequestError, TooLargeError or UnsupportedMediaError for a body that cannot be read,
        PrerequisiteError when the disk is full.
        """
        try:
            async with self._turns.turn(str(tenant_id)):
                done = self._worker.submit(self._log, signal, tenant_id, body, content_type, encoding)
                return await asyncio.wrap_future(done)
        finally:
            self._capture.appended.set()

    @contextmanager
    def room(self, tenant_id: uuid.UUID) -> Iterator[Callable[[int], None]]:
        """Room for the bytes of one body of a tenant, which its caller asks for as they come, until it is logged.

        Asking raises LimitError while too much waits: bodies that are still being sent count, too.
        """
        held = 0

        def ask(size: int) -> None:
            nonlocal held
            waits = self._waiting.total() + self._capture.log.pending_bytes()
            if waits + size > self.limits.backlog:
                raise _full(f"{waits} bytes of spans and log events", self.limits.backlog)
            own = self._waiting[tenant_id]
            if own + size > self.limits.share:
                raise _full(f"{own} bytes of this workspace's spans and log events", self.limits.share)
            self._waiting[tenant_id] += size
            held += size

        try:
            yield ask
        finally:
            self._waiting[tenant_id] -= held
            if not self._waiting[tenant_id]:
                del self._waiting[tenant_id]

    def close(self) -> None:
        """Log what was taken, then stop the thread."""
        self._worker.shutdown(wait=True)

    def _log(
        self, signal: Signal, tenant_id: uuid.UUID, body: bytes, content_type: ContentType, encoding: str
    ) -> Accepted:
        unpacked = decompress(body, encoding, self.limits.body)
        accepted = signal.read(unpacked, content_type, tenant_id, time.time_ns())
        if accepted.records:
            runs = by_trace(accepted.records)
            if self._capture.redactor.hides(str(tenant_id)):
                self._memories.expect(str(tenant_id), list(runs))
            self._capture.write_pieces(list(runs.values()), self._memories)
        signal.tally(accepted)
        return accepted


def _full(what: str, most: int) -> LimitError:
    return LimitError(
        f"{what} wait to be stored; at most {most} may. Come back later.", retry_after=RETRY_AFTER
    )


def by_trace(records: list[SpanRecord]) -> dict[str, list[SpanRecord]]:
    """The records of each trace."""
    traces: dict[str, list[SpanRecord]] = defaultdict(list)
    for record in records:
        traces[record.trace_id].append(record)
    return traces
