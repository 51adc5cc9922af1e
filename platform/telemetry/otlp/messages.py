"""Messages of model calls that came as events of the log, each as a record below the span of its call.

https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md, where each message is an
event, and https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-events.md
"""

import hashlib
import uuid
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from .. import conventions as c
from ..record import SpanRecord
from .records import SOURCE, run_of
from .values import parsed, plain_value

OPERATION = "message"
EVENTS = frozenset({*c.MESSAGE_EVENTS, c.CHOICE_EVENT, c.DETAILS_EVENT})
_FIELDS = frozenset({"role", "content", "parts", "tool_calls", "message", "index"})
# Messages of a span that are of the same moment, in one request: their places have four digits.
_MOST_AT_ONCE = 0x10000


def message_refusal(record: LogRecord, moment: int, place: int) -> str:
    """Why a message cannot be joined to its call, or an empty text; ``place`` is its number among those of its moment."""
    if len(record.span_id) != 8 or not any(record.span_id):
        return "the span id, which says of which call it is, is not 8 bytes other than zero"
    if not moment:
        return "it has no time, by which it is known when it comes again"
    if place >= _MOST_AT_ONCE:
        return f"more than {_MOST_AT_ONCE} messages of its span are of the same moment"
    return ""


def message_record(
    record: LogRecord, name: str, attributes: dict[str, Any], tenant_id: uuid.UUID, moment: int, place: int
) -> SpanRecord:
    """The record of a message: its event, as a span has events."""
    trace_id, span_id = record.trace_id.hex(), record.span_id.hex()
    said = {**_own(attributes), **_own(_fields(record.body))}
    return SpanRecord(
        tenant_id=str(tenant_id), trace_id=trace_id, span_id=_id_of(span_id, moment, name, place),
        parent_span_id=span_id, run_id=str(run_of(tenant_id, trace_id)), name=OPERATION, operation=OPERATION,
        start_ns=moment, end_ns=moment, status="unset", status_message="", user_id=None, agent=None, adapter=None,
        attributes={c.SOURCE: SOURCE, c.LOGGED: True},
        events=[{"name": name, "at_ns": moment, "attributes": said}],
    )  # fmt: skip


def _fields(body: AnyValue) -> dict[str, Any]:
    """The fields of an event's body, also where they are JSON; any other body is the content itself."""
    value = plain_value(body)
    found = parsed(value)
    if isinstance(found, dict) and (isinstance(value, dict) or not _FIELDS.isdisjoint(found)):
        return found
    return {} if value is None else {"content": value}


def _own(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if not name.startswith("whorl.")}


def _id_of(span_id: str, moment: int, name: str, place: int) -> str:
    """An id that the same message has whenever its request comes, and that sorts by place; its words are not in it."""
    digest = hashlib.sha256(repr((span_id, moment, name, place)).encode()).hexdigest()
    return f"{place:04x}{digest[:12]}"
