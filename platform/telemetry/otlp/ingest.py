"""Ingest: what other programs export, through the write barrier into the log, and the limit on what waits."""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from ...errors import LimitError
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


class Ingest:
    """Takes exports; one thread parses, redacts and logs them in the order they came."""

    def __init__(self, capture: Capture, limits: IngestLimits, stored: Stored) -> None:
        self.limits = limits
        self._capture = capture
        self._memories = Memories(stored)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whorl-ingest")
        self._waiting = 0

    async def take(
        self, signal: Signal, tenant_id: uuid.UUID, body: bytes, content_type: ContentType, encoding: str
    ) -> Accepted:
        """Log what a body, for which there is room, has of ``signal``, redacted; what is returned is on disk.

        Raises BadRequestError, TooLargeError or UnsupportedMediaError for a body that cannot be read,
        PrerequisiteError when the disk is full.
        """
        try:
            done = self._worker.submit(self._log, signal, tenant_id, body, content_type, encoding)
            return await asyncio.wrap_future(done)
        finally:
            self._capture.appended.set()

    @contextmanager
    def room(self) -> Iterator[Callable[[int], None]]:
        """Room for the bytes of one body, which its caller asks for as they come, until it is logged.

        Asking raises LimitError while too much waits: bodies that are still being sent count, too.
        """
        held = 0

        def ask(size: int) -> None:
            nonlocal held
            waits = self._waiting + self._capture.log.pending_bytes()
            if waits + size > self.limits.backlog:
                raise LimitError(
                    f"{waits} bytes of spans and evaluations wait to be stored; at most {self.limits.backlog} may. "
                    "Come back later.",
                    retry_after=RETRY_AFTER,
                )
            self._waiting += size
            held += size

        try:
            yield ask
        finally:
            self._waiting -= held

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
        signal.taken.inc(len(accepted.records))
        signal.refused.inc(accepted.rejected)
        return accepted


def by_trace(records: list[SpanRecord]) -> dict[str, list[SpanRecord]]:
    """The records of each trace."""
    traces: dict[str, list[SpanRecord]] = defaultdict(list)
    for record in records:
        traces[record.trace_id].append(record)
    return traces
