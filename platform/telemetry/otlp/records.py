"""From a parsed request to span records, each described in Whorl's own conventions."""

import logging
import uuid
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client import Counter

from ...storable import storable
from .. import conventions as c
from ..record import SpanRecord
from .readers import read_span
from .reading import NOTHING, Foreign, Reading
from .values import as_json, as_text, plain_attributes

log = logging.getLogger(__name__)
UNREAD = Counter(
    "whorl_spans_unread", "Spans of other programs whose calls no reader got through, stored as they came"
)
SOURCE = "otlp"
UNKNOWN_AGENT = "external"
_STATUS = {Status.STATUS_CODE_UNSET: "unset", Status.STATUS_CODE_OK: "ok", Status.STATUS_CODE_ERROR: "error"}
# What is kept of the resource: the program and the place it runs in, not the machine and its processes.
_RESOURCE = ("service.", "deployment.", "telemetry.sdk.", "langfuse.", "openinference.")
# Traces and users whose ids are kept: the spans of one come together.
_REMEMBERED = 4096
LATEST = 2**63 - 1
_MOST_REASONS = 5
# What a reader may raise that did not expect a value.
_MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Or a collector that sends on to Whorl would send the same spans round for ever.
_SENT = "Whorl has sent this span itself"


@dataclass
class Accepted:
    """What of a request can be stored, and how many spans or log records cannot, with the first reasons."""

    records: list[SpanRecord] = field(default_factory=list)
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)

    def reject(self, name: str, reason: str) -> None:
        """Count what cannot be stored, by its name."""
        self.rejected += 1
        if len(self.reasons) < _MOST_REASONS:
            self.reasons.append(f"{storable(name)[:80]!r}: {reason}")


@lru_cache(_REMEMBERED)
def run_of(tenant_id: uuid.UUID, trace_id: str) -> uuid.UUID:
    """The run that a trace from outside is; the same trace is the same run."""
    return uuid.uuid5(tenant_id, f"{SOURCE}\0{trace_id}")


def read_records(request: ExportTraceServiceRequest, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    """The spans of a request; one without a time gets the moment at which it was received."""
    accepted = Accepted()
    for resource_spans in request.resource_spans:
        resource = plain_attributes(resource_spans.resource.attributes)
        shared = {name: value for name, value in resource.items() if name.startswith(_RESOURCE)}
        for scope_spans in resource_spans.scope_spans:
            scope = {
                "otel.scope.name": scope_spans.scope.name,
                "otel.scope.version": scope_spans.scope.version,
            }
            around = {**shared, **{name: storable(value) for name, value in scope.items() if value}}
            for span in scope_spans.spans:
                if reason := _SENT if c.EXPORTED in resource else _refusal(span):
                    accepted.reject(span.name, reason)
                    continue
                accepted.records.append(_record(span, around, tenant_id, received_ns))
    return accepted


def _refusal(span: Span) -> str:
    """Why a span cannot be stored, or an empty text."""
    if len(span.trace_id) != 16 or not any(span.trace_id):
        return "the trace id is not 16 bytes other than zero"
    if len(span.span_id) != 8 or not any(span.span_id):
        return "the span id is not 8 bytes other than zero"
    if len(span.parent_span_id) not in (0, 8):
        return "the parent's id is not 8 bytes"
    if span.parent_span_id == span.span_id:
        return "the span is its own parent"
    if max(span.start_time_unix_nano, span.end_time_unix_nano) > LATEST:
        return "a time lies after the year 2262"
    return ""


def _record(span: Span, around: dict[str, Any], tenant_id: uuid.UUID, received_ns: int) -> SpanRecord:
    trace_id, parent = span.trace_id.hex(), span.parent_span_id.hex() if any(span.parent_span_id) else None
    own = {n: v for n, v in plain_attributes(span.attributes).items() if not n.startswith("whorl.")}
    events = [
        {"name": storable(e.name), "at_ns": e.time_unix_nano, "attributes": plain_attributes(e.attributes)}
        for e in span.events
    ]
    foreign = Foreign(
        storable(span.name), own, tuple((e["name"], e["attributes"]) for e in events), root=parent is None
    )
    reading = reading_of(foreign)
    start = span.start_time_unix_nano or span.end_time_unix_nano
    undated = {} if start else {c.UNDATED: True}
    start = start or received_ns
    return SpanRecord(
        tenant_id=str(tenant_id), trace_id=trace_id, span_id=span.span_id.hex(), parent_span_id=parent,
        run_id=str(run_of(tenant_id, trace_id)), name=foreign.name, operation=reading.operation,
        start_ns=start, end_ns=max(start, span.end_time_unix_nano),
        status=_STATUS.get(span.status.code, "unset"), status_message=storable(span.status.message),
        user_id=_text(pseudonym(tenant_id, "user", reading.user)), agent=None, adapter=None,
        attributes={**around, **own, **described(reading, own), **_session(tenant_id, reading.session), **undated},
        events=events,
    )  # fmt: skip


def reading_of(span: Foreign) -> Reading:
    """What conventions say of a span; nothing where a reader fails, so that it is stored as it came."""
    try:
        return read_span(span)
    except _MISREAD as error:
        UNREAD.inc()
        log.error("A span of another program could not be read", exc_info=error)
        return NOTHING


def described(reading: Reading, own: dict[str, Any]) -> dict[str, Any]:
    """Attributes of Whorl's conventions for what was read; what a program has said by itself stays.

    Messages, tools and documents are always written anew: what reads spans relies on their form.
    """
    found: dict[str, Any] = {
        c.SOURCE: SOURCE, c.OPERATION: reading.operation, c.PROVIDER: reading.provider,
        c.REQUEST_MODEL: reading.request_model, c.RESPONSE_MODEL: reading.response_model,
        c.INPUT_TOKENS: reading.input_tokens, c.OUTPUT_TOKENS: reading.output_tokens,
        c.FINISH_REASONS: [reading.finish_reason] if reading.finish_reason else None,
        c.TOOL_NAME: reading.tool_name, c.AGENT_NAME: reading.agent, c.RETRIEVAL_QUERY: reading.query,
    }  # fmt: skip
    kept = {name: value for name, value in found.items() if value not in (None, "") and name not in own}
    if reading.operation in ("execute_tool", "retrieval"):
        kept[c.TRUST] = "untrusted"
    if reading.operation == "execute_tool":
        kept |= {c.TOOL_CALL_ID: reading.tool_call_id, c.TOOL_RESULT: as_text(reading.tool_result)}
        kept[c.TOOL_ARGUMENTS] = as_text(reading.tool_arguments)
    counted = {c.INPUT_TOKENS: reading.input_tokens, c.OUTPUT_TOKENS: reading.output_tokens}
    written = {
        c.INPUT_MESSAGES: reading.input, c.OUTPUT_MESSAGES: reading.output, c.TOOL_DEFINITIONS: reading.tools,
        c.RETRIEVAL_DOCUMENTS: [asdict(document) for document in reading.documents],
    }  # fmt: skip
    unread = {f"unread.{name}": own[name] for name, value in written.items() if name in own and not value}
    forms = {name: as_json(value) for name, value in written.items() if value or name in own}
    return {**kept, **{n: v for n, v in counted.items() if v is not None}, **unread, **forms}


def _session(tenant_id: uuid.UUID, session: str) -> dict[str, str]:
    known = pseudonym(tenant_id, "session", session)
    return {} if known is None else {c.SESSION: str(known)}


@lru_cache(_REMEMBERED)
def pseudonym(tenant_id: uuid.UUID, kind: str, name: str) -> uuid.UUID | None:
    """A UUID that is the same for the same id of a program and says nothing of it; None for no id."""
    return uuid.uuid5(tenant_id, f"{kind}\0{name}") if name else None


def _text(user: uuid.UUID | None) -> str | None:
    return None if user is None else str(user)
