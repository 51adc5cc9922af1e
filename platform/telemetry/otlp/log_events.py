"""Of log records those that say something of a span: evaluations of it, and the messages of its model call."""

import uuid
from collections import Counter
from collections.abc import Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from .. import conventions as c
from .evaluations import evaluation_record, evaluation_refusal
from .messages import EVENTS, message_record, message_refusal
from .records import LATEST, Accepted
from .values import plain_attributes

# What named an event before records had a field for it.
_EVENT_NAME = "event.name"


def read_log_events(request: ExportLogsServiceRequest, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    """The events of a request; all its other records are counted as rejected, with one reason for them together."""
    accepted, others = Accepted(), 0
    places: Counter[tuple[bytes, bytes, int]] = Counter()
    for record in _records(request):
        attributes = plain_attributes(record.attributes)
        name = record.event_name or attributes.pop(_EVENT_NAME, "")
        moment = record.time_unix_nano or record.observed_time_unix_nano
        if name == c.EVALUATION_EVENT:
            if reason := _refusal(record, moment) or evaluation_refusal(record, attributes):
                accepted.reject(name, reason)
                continue
            accepted.records.append(evaluation_record(record, attributes, tenant_id, moment, received_ns))
        elif name in EVENTS:
            of = (record.trace_id, record.span_id, moment)
            if reason := _refusal(record, moment) or message_refusal(record, moment, places[of]):
                accepted.reject(name, reason)
                continue
            accepted.records.append(message_record(record, name, attributes, tenant_id, moment, places[of]))
            places[of] += 1
        else:
            others += 1
    if others:
        accepted.rejected += others
        accepted.reasons.append(
            f"Whorl keeps no logs: {others} records that are no events {c.EVALUATION_EVENT} and no messages of a "
            "model call were dropped"
        )
    return accepted


def _records(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            yield from scope_logs.log_records


def _refusal(record: LogRecord, moment: int) -> str:
    """Why no event like this can be kept, or an empty text."""
    if len(record.trace_id) != 16 or not any(record.trace_id):
        return "the trace id, which says of which run it is, is not 16 bytes other than zero"
    if moment > LATEST:
        return "its time lies after the year 2262"
    return ""
