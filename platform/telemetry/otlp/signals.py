"""What of OpenTelemetry's signals Whorl takes: spans, and of logs the evaluations and messages."""

import uuid
from collections.abc import Callable, Mapping
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

from . import evaluations, messages
from .log_events import read_log_events
from .records import Accepted, read_records
from .request import ContentType, parse_request

# (unpacked body, its encoding, tenant, nanoseconds at which it came) -> what of it can be stored
Reader = Callable[[bytes, ContentType, uuid.UUID, int], Accepted]


class Signal(NamedTuple):
    """How the requests of a signal are read and answered, and what counts them: ``taken`` by operation, or all together."""

    read: Reader
    answer: Callable[[Accepted], Message]
    taken: Counter | Mapping[str, Counter]
    refused: Counter

    def tally(self, accepted: Accepted) -> None:
        """Count what was taken and refused."""
        if isinstance(self.taken, Counter):
            self.taken.inc(len(accepted.records))
        else:
            for record in accepted.records:
                self.taken[record.operation].inc()
        self.refused.inc(accepted.rejected)


def _spans(body: bytes, content_type: ContentType, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    request = parse_request(body, content_type, ExportTraceServiceRequest)
    return read_records(request, tenant_id, received_ns)


def _events(body: bytes, content_type: ContentType, tenant_id: uuid.UUID, received_ns: int) -> Accepted:
    request = parse_request(body, content_type, ExportLogsServiceRequest)
    return read_log_events(request, tenant_id, received_ns)


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
LOGS = Signal(
    _events, _logs_answer,
    {
        evaluations.OPERATION: Counter("whorl_evaluations_ingested", "Evaluations that came as log events, logged"),
        messages.OPERATION: Counter("whorl_messages_ingested", "Messages of model calls that came as log events, logged"),
    },
    Counter("whorl_log_records_rejected", "Log records that are no evaluation of a run and no message of a call"),
)  # fmt: skip
