"""Spans of the store, which are redacted, on to a collector of the operator's: OTLP over HTTP.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import asyncio
import base64
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client import Counter

from ...errors import InputError
from .. import conventions as c
from ..record import SpanRecord

EXPORTED = Counter("whorl_spans_exported", "Spans that a collector has taken")
DROPPED = Counter("whorl_spans_not_exported", "Spans that a collector refused, or for which too many waited")
MOST_WAITING, AT_ONCE = 20_000, 500
TIMEOUT = 10.0
FIRST_PAUSE, MOST_PAUSE = 1.0, 60.0
# What a sender is to send again, says the protocol.
_AGAIN = frozenset({429, 502, 503, 504})
_STATUS = {"unset": Status.STATUS_CODE_UNSET, "ok": Status.STATUS_CODE_OK, "error": Status.STATUS_CODE_ERROR}
_KINDS = {"chat": Span.SPAN_KIND_CLIENT, "embeddings": Span.SPAN_KIND_CLIENT}
_log = logging.getLogger(__name__)


class Exporter:
    """Sends stored spans to a collector, in their order; while it is away they wait, the oldest going first if too many do.

    The store keeps all of them: what the collector never took is counted in ``whorl_spans_not_exported_total``.
    """

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url
        self._waiting: deque[SpanRecord] = deque()
        self._come = asyncio.Event()

    async def follow(self, records: list[SpanRecord]) -> None:
        """Take spans that have been stored."""
        self._waiting.extend(records)
        self._trim()
        self._come.set()

    def _trim(self) -> None:
        for _ in range(len(self._waiting) - MOST_WAITING):
            self._waiting.popleft()
            DROPPED.inc()

    async def run(self) -> None:
        """Send until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._come.wait()
            wait = await self._send()
            if wait is None:
                pause = FIRST_PAUSE
                continue
            await asyncio.sleep(max(wait, pause))
            pause = min(2 * pause, MOST_PAUSE)

    async def at_end(self) -> None:
        """Send what waits, for as long as one answer may take."""
        with anyio.move_on_after(TIMEOUT):
            while self._waiting and await self._send() is None:
                pass
        DROPPED.inc(len(self._waiting))

    async def _send(self) -> float | None:
        """Send the oldest spans; None when they are done with, else the seconds that the collector asks to wait."""
        batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if not batch:
            self._come.clear()
            return None
        try:
            answer = await self._http.post(self._url, content=request_of(batch).SerializeToString())
        except httpx.RequestError as error:
            _log.warning("Spans wait for the collector: %s", type(error).__name__)
            return self._keep(batch, 0.0)
        except asyncio.CancelledError:
            self._keep(batch, 0.0)
            raise
        if answer.status_code in _AGAIN:
            return self._keep(batch, _seconds(answer.headers.get("retry-after", "")))
        (EXPORTED if answer.is_success else DROPPED).inc(len(batch))
        if not answer.is_success:
            _log.error("The collector refused %d spans with %d.", len(batch), answer.status_code)
        return None

    def _keep(self, batch: list[SpanRecord], seconds: float) -> float:
        """Put spans back where they were."""
        self._waiting.extendleft(reversed(batch))
        self._trim()
        return seconds


def read_headers(text: str, setting: str = "WHORL_EXPORT_HEADERS") -> dict[str, str]:
    """Headers as OpenTelemetry's settings have them; raises InputError for one without a value.

    >>> read_headers("Authorization=Bearer%20abc,x-scope=1")
    {'Authorization': 'Bearer abc', 'x-scope': '1'}
    """
    headers = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise InputError(f"{setting} has a part that is not name=value.")
        headers[name.strip()] = unquote(value.strip())
    return headers


def _seconds(text: str) -> float:
    """Of a Retry-After header; 0 where it is a date, or missing."""
    return min(float(text), MOST_PAUSE) if text.isdecimal() else 0.0


def request_of(records: Sequence[SpanRecord]) -> ExportTraceServiceRequest:
    """Spans as the protocol has them, marked as sent by Whorl, which will not take them back."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(_pairs({c.SERVICE_NAME: "whorl", c.EXPORTED: True}))
    scope = group.scope_spans.add(schema_url=c.SCHEMA_URL)
    scope.scope.name = "whorl"
    scope.spans.extend(_span(record) for record in records)
    return request


def _span(record: SpanRecord) -> Span:
    own = {
        c.TENANT: record.tenant_id,
        c.RUN: record.run_id,
        c.USER: record.user_id,
        c.ADAPTER: record.adapter,
    }
    attributes = {**record.attributes, **{name: value for name, value in own.items() if value}}
    return Span(
        trace_id=bytes.fromhex(record.trace_id), span_id=bytes.fromhex(record.span_id),
        parent_span_id=bytes.fromhex(record.parent_span_id or ""), name=record.name,
        kind=_KINDS.get(record.operation, Span.SPAN_KIND_INTERNAL),
        start_time_unix_nano=record.start_ns, end_time_unix_nano=record.end_ns, attributes=_pairs(attributes),
        events=[
            Span.Event(name=event["name"], time_unix_nano=event["at_ns"], attributes=_pairs(event["attributes"]))
            for event in record.events
        ],
        status=Status(code=_STATUS.get(record.status, Status.STATUS_CODE_UNSET), message=record.status_message),
    )  # fmt: skip


def _pairs(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in values.items() if value is not None]


def _value(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int() if -(2**63) <= value < 2**63:
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(string_value=base64.b64encode(value).decode())
        case list() | tuple():
            return AnyValue(array_value=ArrayValue(values=[_value(each) for each in value]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=_pairs(value)))
    return AnyValue(string_value="" if value is None else str(value))
