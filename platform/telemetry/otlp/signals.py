"""What of OpenTelemetry's signals Whorl takes: spans, and of logs the evaluations."""

import uuid
from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from prometheus_client import Counter

from .evaluations import read_evaluations
from .records import Accepted, read_records
from .request import ContentType, parse_request

# (unpacked body, its encoding, tenant, nanoseconds at which it came) -> what of it can be stored
Reader = Callable[[bytes, ContentType, uuid.UUID, int], Accepted]


class Signal(NamedTuple):
    """How the requests of a signal are read and answered, and what counts them."""

    read: Reader
    answer: Callable[[Accepted], Message]
    taken: Counter
    refused: Counter


def _spans(body: bytes, content_type: ContentType, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    request = parse_request(body, content_type, ExportTraceServiceRequest)
    return read_records(request, tenant_id, received_ns)


def _evaluations(body: bytes, content_type: ContentType, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    request = parse_request(body, content_type, ExportLogsServiceRequest)
    return read_evaluations(request, tenant_id, received_ns)


def _spans_answer(accepted: Accepted) -> Message:
    """Success; partial where spans were rejected, which the sender must not send again."""
    message = ExportTraceServiceResponse()
    if accepted.rejected:
        message.partial_success.rejected_spans = accepted.rejected
        message.partial_success.error_message = "; ".join(accepted.reasons)
    return message


def _logs_answer(accepted: Accepted) -> Message:
    """The same of log records: a pipeline that sends all its logs neither fails nor sends them again."""
    message = ExportLogsServiceResponse()
    if accepted.rejected:
        message.partial_success.rejected_log_records = accepted.rejected
        message.partial_success.error_message = "; ".join(accepted.reasons)
    return message


SPANS = Signal(
    _spans, _spans_answer, Counter("whorl_spans_ingested", "Spans of other programs, logged"),
    Counter("whorl_spans_rejected", "Spans of other programs that cannot be stored"),
)  # fmt: skip
EVALUATIONS = Signal(
    _evaluations, _logs_answer, Counter("whorl_evaluations_ingested", "Evaluations that came as log events, logged"),
    Counter("whorl_log_records_rejected", "Log records that are no evaluation of a run"),
)  # fmt: skip
