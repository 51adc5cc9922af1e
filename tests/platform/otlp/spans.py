"""Spans and exports as tests write them, and chats in short."""

import json
import time
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from whorl.platform.telemetry.otlp.readers import read_span
from whorl.platform.telemetry.otlp.reading import Foreign, Reading

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def read(
    name: str = "span", *events: tuple[str, dict[str, Any]], root: bool = False, **attributes: Any
) -> Reading:
    """The reading of a span; ``__`` in an attribute's name stands for a dot."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return read_span(Foreign(name, named, events, root))


def short(messages: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Messages as (role, what is said or called …)."""
    return [(message["role"], *map(_short, message["parts"])) for message in messages]


def _short(part: dict[str, Any]) -> Any:
    match part["type"]:
        case "text":
            return part["content"]
        case "reasoning":
            return f"({part['content']})"
        case "tool_call":
            return part["id"], part["name"], part["arguments"]
        case "tool_call_response":
            return part["id"], part["response"]
    return f"[{part['type']} {part.get('modality', '')}]"


def value(given: Any) -> dict[str, Any]:
    """A value as OTLP's JSON has it."""
    if isinstance(given, bool):
        return {"boolValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, float):
        return {"doubleValue": given}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(one) for one in given]}}
    return {"stringValue": given if isinstance(given, str) else json.dumps(given)}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value(given)} for name, given in attributes.items()]


def a_span(
    number: int, name: str = "chat m", *, parent: int | None = None, trace: str = TRACE, events: Sequence[Any] = (),
    attributes: dict[str, Any] | None = None, **fields: Any,
) -> dict[str, Any]:  # fmt: skip
    at = time.time_ns()
    return {
        "traceId": trace, "spanId": f"{number:016x}", "name": name, "kind": 3,
        "startTimeUnixNano": str(at + number), "endTimeUnixNano": str(at + number + 1000),
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "attributes": pairs(attributes or {}),
        "events": [{"name": n, "timeUnixNano": str(at), "attributes": pairs(found)} for n, found in events],
        **fields,
    }  # fmt: skip


def export(*spans: dict[str, Any], service: str = "shop") -> dict[str, Any]:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": pairs({"service.name": service})},
                "scopeSpans": [{"scope": {"name": "tests"}, "spans": list(spans)}],
            }
        ]
    }


def a_chat(said: str = "It is 12.", asked: str = "What is 3 × 4?", **more: Any) -> dict[str, Any]:
    """Attributes of a model call by the conventions."""
    return {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-9", "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": asked}]}]),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": [{"type": "text", "content": said}], "finish_reason": "stop"}]
        ),
        **more,
    }  # fmt: skip


def protobuf(body: dict[str, Any]) -> bytes:
    from whorl.platform.telemetry.otlp.request import parse_request

    request = parse_request(json.dumps(body).encode(), "application/json", ExportTraceServiceRequest)
    return request.SerializeToString()
