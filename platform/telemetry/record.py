"""A span as plain data, between capture and the span store."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_span_id, format_trace_id

from . import conventions as c


@dataclass(slots=True)
class SpanRecord:
    """One span. Times are nanoseconds since the epoch; ids are lower-case hexadecimal."""

    tenant_id: str
    trace_id: str
    span_id: str
    parent_span_id: str | None
    run_id: str | None
    name: str
    operation: str
    start_ns: int
    end_ns: int
    status: str
    status_message: str
    user_id: str | None
    agent: str | None
    adapter: str | None
    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    redaction_policy: str = ""
    redactions: dict[str, int] = field(default_factory=dict)
    content_dropped: bool = False


def record_of(span: ReadableSpan) -> SpanRecord | None:
    """The record of an ended span, or None for a span that belongs to no tenant."""
    attributes = {key: _plain(value) for key, value in (span.attributes or {}).items()}
    tenant = attributes.pop(c.TENANT, None)
    context = span.get_span_context()
    if tenant is None or context is None:
        return None
    uuid.UUID(str(tenant))
    return SpanRecord(
        tenant_id=str(tenant),
        trace_id=format_trace_id(context.trace_id),
        span_id=format_span_id(context.span_id),
        parent_span_id=format_span_id(span.parent.span_id) if span.parent else None,
        run_id=_text(attributes.pop(c.RUN, None)),
        name=span.name,
        operation=str(attributes.get(c.OPERATION, "")),
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        status=span.status.status_code.name.lower(),
        status_message=span.status.description or "",
        user_id=_text(attributes.pop(c.USER, None)),
        agent=_text(attributes.get(c.AGENT_NAME)),
        adapter=_text(attributes.pop(c.ADAPTER, None)),
        attributes=attributes,
        events=[
            {"name": event.name, "at_ns": event.timestamp, "attributes": _mapping(event.attributes)}
            for event in span.events
        ],
    )


def _mapping(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: _plain(value) for key, value in (attributes or {}).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
