"""Evaluations among log records: events ``gen_ai.evaluation.result``, each as a record below the span that it is of.

https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-events.md
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from .. import conventions as c
from ..record import SpanRecord
from .records import LATEST, SOURCE, Accepted, run_of
from .values import plain_attributes

OPERATION = "evaluation"
# What named an event before records had a field for it.
_EVENT_NAME = "event.name"
_KEPT = (
    c.EVALUATION_NAME, c.EVALUATION_VALUE, c.EVALUATION_LABEL, c.EVALUATION_EXPLANATION, c.RESPONSE_ID,
)  # fmt: skip


def read_evaluations(request: ExportLogsServiceRequest, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    """The evaluations of a request; all its other records are counted as rejected, with one reason for them together."""
    accepted, others = Accepted(), 0
    for record in _records(request):
        attributes = plain_attributes(record.attributes)
        if (record.event_name or attributes.get(_EVENT_NAME)) != c.EVALUATION_EVENT:
            others += 1
            continue
        if reason := _refusal(record, attributes):
            accepted.reject(c.EVALUATION_EVENT, reason)
            continue
        accepted.records.append(_record(record, attributes, tenant_id, received_ns))
    if others:
        accepted.rejected += others
        accepted.reasons.append(
            f"Whorl keeps no logs: {others} records that are no events {c.EVALUATION_EVENT} were dropped"
        )
    return accepted


def _records(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            yield from scope_logs.log_records


def _refusal(record: LogRecord, attributes: dict[str, Any]) -> str:
    """Why an evaluation cannot be kept, or an empty text."""
    if len(record.trace_id) != 16 or not any(record.trace_id):
        return "the trace id, which says of which run it is, is not 16 bytes other than zero"
    if len(record.span_id) not in (0, 8):
        return "the span id is not 8 bytes"
    name = attributes.get(c.EVALUATION_NAME)
    if not isinstance(name, str) or not name.strip():
        return f"it has no {c.EVALUATION_NAME}"
    if _moment(record) > LATEST:
        return "its time lies after the year 2262"
    return ""


def _record(
    record: LogRecord, attributes: dict[str, Any], tenant_id: uuid.UUID, received_ns: int
) -> SpanRecord:
    trace_id, span_id = record.trace_id.hex(), record.span_id.hex() if any(record.span_id) else None
    kept = {name: attributes[name] for name in _KEPT if name in attributes}
    at = _moment(record) or received_ns
    return SpanRecord(
        tenant_id=str(tenant_id), trace_id=trace_id, span_id=_id_of(record, kept), parent_span_id=span_id,
        run_id=str(run_of(tenant_id, trace_id)), name=OPERATION, operation=OPERATION, start_ns=at, end_ns=at,
        status="unset", status_message="", user_id=None, agent=None, adapter=None,
        attributes={**kept, c.SOURCE: SOURCE, c.LOGGED: True}, events=[],
    )  # fmt: skip


def _moment(record: LogRecord) -> int:
    return record.time_unix_nano or record.observed_time_unix_nano


def _id_of(record: LogRecord, kept: dict[str, Any]) -> str:
    """An id that the same evaluation has whenever it comes; its words, which may be personal, are not in it."""
    said = [kept.get(name) for name in _KEPT if name != c.EVALUATION_EXPLANATION]
    return hashlib.sha256(repr((record.span_id, _moment(record), said)).encode()).hexdigest()[:16]
