"""Events ``gen_ai.evaluation.result`` of the log, each as a record below the span that it is of.

https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-events.md
"""

import hashlib
import uuid
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from .. import conventions as c
from ..record import SpanRecord
from .records import SOURCE, run_of

OPERATION = "evaluation"
_KEPT = (
    c.EVALUATION_NAME, c.EVALUATION_VALUE, c.EVALUATION_LABEL, c.EVALUATION_EXPLANATION, c.RESPONSE_ID,
)  # fmt: skip


def evaluation_refusal(record: LogRecord, attributes: dict[str, Any]) -> str:
    """Why an evaluation cannot be kept, or an empty text."""
    if len(record.span_id) not in (0, 8):
        return "the span id is not 8 bytes"
    name = attributes.get(c.EVALUATION_NAME)
    if not isinstance(name, str) or not name.strip():
        return f"it has no {c.EVALUATION_NAME}"
    return ""


def evaluation_record(
    record: LogRecord, attributes: dict[str, Any], tenant_id: uuid.UUID, moment: int, received_ns: int
) -> SpanRecord:
    """The record of an evaluation; one without a moment has that of its arrival."""
    trace_id, span_id = record.trace_id.hex(), record.span_id.hex() if any(record.span_id) else None
    kept = {name: attributes[name] for name in _KEPT if name in attributes}
    at = moment or received_ns
    return SpanRecord(
        tenant_id=str(tenant_id), trace_id=trace_id, span_id=_id_of(record, moment, kept), parent_span_id=span_id,
        run_id=str(run_of(tenant_id, trace_id)), name=OPERATION, operation=OPERATION, start_ns=at, end_ns=at,
        status="unset", status_message="", user_id=None, agent=None, adapter=None,
        attributes={**kept, c.SOURCE: SOURCE, c.LOGGED: True}, events=[],
    )  # fmt: skip


def _id_of(record: LogRecord, moment: int, kept: dict[str, Any]) -> str:
    """An id that the same evaluation has whenever it comes; its words, which may be personal, are not in it."""
    said = [kept.get(name) for name in _KEPT if name != c.EVALUATION_EXPLANATION]
    return hashlib.sha256(repr((record.span_id, moment, said)).encode()).hexdigest()[:16]
