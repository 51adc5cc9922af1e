"""Traces of Whorl itself for its operators: requests, statements, calls of model servers and jobs, never any content.

They have nothing to do with the spans of runs, which are the tenants': other ids, another collector, and a context of
their own, so that no run becomes part of a trace that a caller names. Without a collector nothing is recorded.
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_propagator = TraceContextTextMapPropagator()
_current: ContextVar[Context | None] = ContextVar("whorl_tracing", default=None)
_tracer: Tracer | None = None


@contextmanager
def traced(exporter: SpanExporter) -> Iterator[None]:
    """Spans of this process go to an exporter inside; what waits is sent at the end."""
    global _tracer
    provider = TracerProvider(resource=Resource.create({"service.name": "whorl"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    before, _tracer = _tracer, provider.get_tracer("whorl.platform")
    try:
        yield
    finally:
        _tracer = before
        provider.shutdown()


def exporter_to(url: str, headers: Mapping[str, str]) -> SpanExporter:
    """Sends spans to a collector by OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=url, headers=dict(headers), timeout=10)


def recording() -> bool:
    """Whether spans are recorded in this process."""
    return _tracer is not None


@contextmanager
def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Mapping[str, Any] | None = None,
    parent: Context | None = None,
) -> Iterator[Span | None]:  # fmt: skip
    """A span around what is done inside, below the current one or ``parent``; None where nothing is recorded.

    An error is recorded by its type alone: its message may quote a person.
    """
    if _tracer is None:
        yield None
        return
    own = _tracer.start_span(
        name, parent or _current.get() or Context(), kind=kind, attributes=dict(attributes or {})
    )
    token = _current.set(set_span_in_context(own, Context()))
    try:
        yield own
    except BaseException as error:
        fail(own, error)
        raise
    finally:
        _current.reset(token)
        own.end()


def begin(name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> Span | None:
    """A span below the current one, which the caller ends: for generators, whose context is whoever asks them."""
    if _tracer is None:
        return None
    return _tracer.start_span(name, _current.get() or Context(), kind=kind, attributes=dict(attributes))


def fail(span: Span | None, error: BaseException) -> None:
    """Record an error on a span, by its type."""
    if span is not None:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(Status(StatusCode.ERROR))


def caller_of(headers: Mapping[str, str]) -> Context | None:
    """The span of whoever sent a request, where its ``traceparent`` names one."""
    return _propagator.extract(headers, Context()) if "traceparent" in headers else None


def headers() -> dict[str, str]:
    """What tells a server of the current span; empty where nothing is recorded."""
    carried: dict[str, str] = {}
    if _tracer is not None and (context := _current.get()) is not None:
        _propagator.inject(carried, context)
    return carried


def trace_statements(engine: AsyncEngine) -> None:
    """Record the statements of an engine, by what they do and not by their text, inside other spans."""

    def begun(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if _tracer is None or (context := _current.get()) is None:
            return
        operation = statement.split(None, 1)[0].upper()
        attributes = {"db.system.name": "postgresql", "db.operation.name": operation}
        connection.info["whorl_span"] = _tracer.start_span(
            operation, context, kind=SpanKind.CLIENT, attributes=attributes
        )

    def ended(connection: Any, *_: Any) -> None:
        if (own := connection.info.pop("whorl_span", None)) is not None:
            own.end()

    def failed(context: Any) -> None:
        own = context.connection.info.pop("whorl_span", None) if context.connection is not None else None
        if own is not None:
            fail(own, context.original_exception)
            own.end()

    event.listen(engine.sync_engine, "before_cursor_execute", begun)
    event.listen(engine.sync_engine, "after_cursor_execute", ended)
    event.listen(engine.sync_engine, "handle_error", failed)
