"""Spans of a run in which nobody but Whorl makes any: recorded without the SDK, at a fraction of its cost."""

import random
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from opentelemetry.trace import Status, StatusCode

from . import conventions as c
from .capture import RunContext
from .record import SpanRecord


class Described(Protocol):
    """A span that something is said of, the SDK's or a recorded one."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Say one thing."""

    def set_status(self, status: Status) -> None:
        """Say how it ended."""


class RecordedSpan:
    """One span as it is recorded."""

    def __init__(self, name: str, parent: "RecordedSpan | None") -> None:
        self.name, self.parent = name, parent
        self.span_id = f"{random.getrandbits(64) or 1:016x}"
        self.attributes: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.status, self.status_message = "unset", ""
        self.start_ns, self.end_ns = time.time_ns(), 0

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def set_status(self, status: Status) -> None:
        self.status, self.status_message = status.status_code.name.lower(), status.description or ""

    def fail(self, error: Exception) -> None:
        """Record an error in the way of the SDK."""
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        said = {
            "exception.type": kind, "exception.message": str(error),
            "exception.stacktrace": "".join(traceback.format_exception(error)), "exception.escaped": "False",
        }  # fmt: skip
        self.events.append({"name": "exception", "at_ns": time.time_ns(), "attributes": said})
        self.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))


def new_trace_id() -> str:
    """A random trace id, 32 hexadecimal digits."""
    return f"{random.getrandbits(128) or 1:032x}"


class Recording:
    """The spans of a run, from the root on; they leave memory as records, for the barrier to redact."""

    def __init__(self, context: RunContext, trace_id: str, name: str) -> None:
        self._context, self.trace_id = context, trace_id
        self.root = RecordedSpan(name, None)
        self._ended: list[RecordedSpan] = []

    @contextmanager
    def start_as_current_span(self, name: str, **_: Any) -> Iterator[RecordedSpan]:
        """A span below the root, which ends with the block; an error that leaves the block is recorded."""
        span = RecordedSpan(name, self.root)
        try:
            yield span
        except Exception as error:
            span.fail(error)
            raise
        finally:
            span.end_ns = time.time_ns()
            self._ended.append(span)

    def records(self) -> list[SpanRecord]:
        """The records of a run that is over."""
        self.root.end_ns = time.time_ns()
        return [self._record(span) for span in (*self._ended, self.root)]

    def _record(self, span: RecordedSpan) -> SpanRecord:
        context = self._context
        attributes = {c.AGENT_NAME: context.agent, **span.attributes}
        if context.conversation_id:
            attributes[c.CONVERSATION] = context.conversation_id
        return SpanRecord(
            context.tenant_id, self.trace_id, span.span_id, span.parent.span_id if span.parent else None,
            context.run_id, span.name, str(attributes.get(c.OPERATION, "")), span.start_ns, span.end_ns, span.status,
            span.status_message, context.user_id, context.agent, context.adapter, attributes, span.events,
        )  # fmt: skip
