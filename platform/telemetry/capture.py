"""Capture: OpenTelemetry spans of a run, redacted together, logged, then stored.

Spans wait in memory until the run's root span ends; then a worker thread redacts them, appends
them to the write-ahead log and syncs it. Only what is redacted ever leaves memory.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal, NamedTuple

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace import Tracer, format_trace_id
from prometheus_client import Counter

from . import conventions as c
from .record import SpanRecord, record_of
from .redaction.memory import Memories, Stored, none_stored
from .redaction.redactor import Redactor
from .redaction.walk import structure_of
from .store import dump_records
from .wal import WriteAheadLog

_log = logging.getLogger(__name__)
CAPTURED = Counter("whorl_spans_captured", "Spans redacted and logged")
REDACTED = Counter("whorl_values_redacted", "Values replaced by placeholders", ["kind"])
FAILURES = Counter("whorl_redaction_failures", "Spans whose content was dropped")
MAX_SPANS = 2000
# All spans of a run, the first of them, or others.
Part = Literal["whole", "first", "later"]
_AT_ONCE = 100


@dataclass(frozen=True)
class RunContext:
    """Whose run the current code is part of; copied onto every span."""

    tenant_id: str
    run_id: str
    user_id: str | None
    agent: str
    adapter: str | None
    conversation_id: str | None = None


_current: ContextVar[RunContext | None] = ContextVar("whorl_run", default=None)


@contextmanager
def run_context(context: RunContext) -> Iterator[None]:
    """Spans started inside belong to this run."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


class _Collector(SpanProcessor):
    """Gathers the spans of each run and hands them over when the root span ends.

    A run that waited for a person goes on under a remote parent: the root of its first stretch.
    """

    def __init__(self, settle: Callable[[str, list[SpanRecord], Part], None]) -> None:
        self._settle = settle
        self._open: dict[str, list[SpanRecord]] = defaultdict(list)
        # Runs of which so many spans came that some were handed over before the end.
        self._begun: set[str] = set()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        context = _current.get()
        if context is None:
            return
        span.set_attribute(c.TENANT, context.tenant_id)
        span.set_attribute(c.RUN, context.run_id)
        span.set_attribute(c.AGENT_NAME, context.agent)
        if context.user_id:
            span.set_attribute(c.USER, context.user_id)
        if context.adapter:
            span.set_attribute(c.ADAPTER, context.adapter)
        if context.conversation_id:
            span.set_attribute(c.CONVERSATION, context.conversation_id)

    def on_end(self, span: ReadableSpan) -> None:
        record = record_of(span)
        if record is None:
            return
        spans = self._open[record.trace_id]
        spans.append(record)
        if span.parent is None or span.parent.is_remote:
            begins = span.parent is None and record.trace_id not in self._begun
            self._begun.discard(record.trace_id)
            part: Part = "later" if not begins else "first" if _waits(record) else "whole"
            self._settle(record.trace_id, self._open.pop(record.trace_id), part)
        elif len(spans) >= MAX_SPANS:
            self._begun.add(record.trace_id)
            self._settle(record.trace_id, self._open.pop(record.trace_id), "later")

    def shutdown(self) -> None:
        """Spans of runs that never ended are settled too."""
        for trace_id in list(self._open):
            self._settle(trace_id, self._open.pop(trace_id), "later")

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _waits(root: SpanRecord) -> bool:
    """Whether a run goes on once a person has decided."""
    return tuple(root.attributes.get(c.FINISH_REASONS, ())) == (c.WAITS_FOR_APPROVAL,)


class Handed(NamedTuple):
    """Spans of a run that are to be logged, which of its spans they are, and who waits for it."""

    records: list[SpanRecord]
    part: Part
    settled: Future[None]


class Capture:
    """The tracer of a process and the barrier behind it.

    Runs whose spans come in several pieces have the same placeholders in all of them; ``stored`` finds those of pieces
    that another process wrote.
    """

    def __init__(self, redactor: Redactor, log: WriteAheadLog, stored: Stored = none_stored) -> None:
        self.redactor, self.log = redactor, log
        self._memories = Memories(stored)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whorl-redaction")
        self._waiting: SimpleQueue[Handed] = SimpleQueue()
        self._scheduled = False
        self._settling: dict[str, list[Future[None]]] = defaultdict(list)
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "whorl"}), shutdown_on_exit=False
        )
        self._collector = _Collector(self._submit)
        self._provider.add_span_processor(self._collector)
        self.tracer: Tracer = self._provider.get_tracer("whorl", schema_url=c.SCHEMA_URL)
        self.appended = asyncio.Event()

    async def settled(self, trace_id: int) -> None:
        """Wait until all spans of an ended run are in the log; raises when any could not be."""
        for future in self._settling.pop(format_trace_id(trace_id), ()):
            await asyncio.wrap_future(future)
            self.appended.set()

    async def log_run(self, records: list[SpanRecord]) -> None:
        """Redact and log the spans of a run that is over, and wait until the disk has them; raises when it could not."""
        logged: Future[None] = Future()
        self._write(Handed(records, "whole", logged))
        await asyncio.wrap_future(logged)
        self.appended.set()

    def close(self) -> None:
        """Settle what is open and stop the worker."""
        self._provider.shutdown()
        self._worker.shutdown(wait=True)

    def _submit(self, trace_id: str, records: list[SpanRecord], part: Part) -> None:
        settled: Future[None] = Future()
        self._settling[trace_id].append(settled)
        self._write(Handed(records, part, settled))

    def _write(self, handed: Handed) -> None:
        self._waiting.put(handed)
        if not self._scheduled:
            self._scheduled = True
            self._worker.submit(self._write_waiting)

    def _write_waiting(self) -> None:
        """Redact and log whatever runs wait, so that they share one write to the disk.

        A run that is put in the queue from here on schedules another write.
        """
        self._scheduled = False
        while waiting := self._taken():
            awaited = [each.settled for each in waiting if each.settled.set_running_or_notify_cancel()]
            try:
                redact_all_or_drop(self.redactor, [each.records for each in waiting if each.part == "whole"])
                for each in waiting:
                    self._redact_part(each)
                self._append([each.records for each in waiting])
            except Exception as error:  # noqa: BLE001 - whatever fails is raised where each run is waited for
                for settled in awaited:
                    settled.set_exception(error)
                continue
            for settled in awaited:
                settled.set_result(None)

    def _redact_part(self, handed: Handed) -> None:
        if handed.part == "whole":
            return
        if handed.part == "first":
            self._memories.begin(handed.records[0].tenant_id, handed.records[0].trace_id)
        redact_or_drop(self.redactor, handed.records, self._memories)

    def _taken(self) -> list[Handed]:
        """The runs that wait, so many at most as are written at once."""
        waiting: list[Handed] = []
        with suppress(Empty):
            while len(waiting) < _AT_ONCE:
                waiting.append(self._waiting.get_nowait())
        return waiting

    def write_runs(self, runs: list[list[SpanRecord]]) -> None:
        """Redact the spans of several whole runs, each by itself, and log them together."""
        redact_all_or_drop(self.redactor, runs)
        self._append(runs)

    def write_pieces(self, runs: list[list[SpanRecord]], memories: Memories) -> None:
        """Redact spans of several runs of which more may come, each run by itself, and log them together."""
        for records in runs:
            redact_or_drop(self.redactor, records, memories)
        self._append(runs)

    def _append(self, runs: list[list[SpanRecord]]) -> None:
        self.log.append([dump_records(records) for records in runs])
        CAPTURED.inc(sum(map(len, runs)))
        for record in (record for records in runs for record in records):
            for kind, count in record.redactions.items():
                REDACTED.labels(kind).inc(count)


def redact_all_or_drop(redactor: Redactor, runs: list[list[SpanRecord]]) -> None:
    """Redact several runs, whose texts are searched together; where that fails, each by itself."""
    try:
        redactor.redact_runs(runs)
    except Exception:  # noqa: BLE001 - what fails is found out where each is redacted by itself
        for records in runs:
            redact_or_drop(redactor, records)


def redact_or_drop(redactor: Redactor, records: list[SpanRecord], memories: Memories | None = None) -> None:
    """Redact a run's spans; if that fails, keep their structure, drop the content and count it."""
    try:
        redactor.redact_run(records, memories)
    except Exception as error:  # noqa: BLE001 - whatever fails, content must not pass
        _log.error(
            "Redaction failed: %s; the content of %d spans is dropped.", type(error).__name__, len(records)
        )
        FAILURES.inc(len(records))
        for record in records:
            _drop_content(record, redactor.rules)


def _drop_content(record: SpanRecord, rules: str) -> None:
    record.name = record.operation or "span"
    record.status_message = ""
    record.attributes = structure_of(record.attributes)
    record.events = []
    record.redaction_policy = rules
    record.redactions = {}
    record.content_dropped = True
