"""Runs of other programs as OTLP exports: what an agent's spans look like, in words of SQuAD."""

import json
import random
from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from .corpora import squad

STARTED_NS = 1_750_000_000_000_000_000
SECOND = 1_000_000_000
TURNS = 3
# The agent, and of each turn two calls of the model and one of a tool.
SPANS = 1 + 3 * TURNS
SYSTEM = "Answer from what the search finds, and name the passage."


def exports(spans: int, in_one: int = 100, seed: int = 0) -> Iterator[bytes]:
    """Bodies (protobuf) of ``in_one`` spans, ``spans`` in all, of runs that are all different."""
    draw = random.Random(seed)
    corpus = squad()
    questions = [asked.text for asked in corpus.questions]
    sentences = [
        text for document in corpus.documents for text in document.text.split(". ") if len(text) > 40
    ]
    waiting: list[Span] = []
    for number in range(spans // SPANS):
        waiting += _run(number, draw, questions, sentences)
        while len(waiting) >= in_one:
            yield _export(waiting[:in_one])
            del waiting[:in_one]
    if waiting:
        yield _export(waiting)


def _run(number: int, draw: random.Random, questions: list[str], sentences: list[str]) -> list[Span]:
    """The spans of a conversation: what was said before stands in every later call of the model."""
    trace = draw.randbytes(16)
    root = _span(
        trace, draw.randbytes(8), b"", number, "invoke_agent shop", {"gen_ai.operation.name": "invoke_agent"}
    )
    said: list[dict[str, Any]] = []
    spans = [root]
    for _ in range(TURNS):
        question, passage = draw.choice(questions), draw.choice(sentences)
        call = {
            "type": "tool_call",
            "id": draw.randbytes(6).hex(),
            "name": "search",
            "arguments": {"query": question},
        }
        found = {"type": "tool_call_response", "id": call["id"], "response": passage}
        said.append(_message("user", {"type": "text", "content": question}))
        spans.append(_chat(root, draw, number, said, call))
        said.append(_message("assistant", call))
        spans.append(_tool(root, draw, number, call, passage))
        said.append(_message("tool", found))
        answer = {"type": "text", "content": f"{passage} [1]"}
        spans.append(_chat(root, draw, number, said, answer))
        said.append(_message("assistant", answer))
    return spans


def _message(role: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": [part]}


def _chat(
    root: Span, draw: random.Random, number: int, said: list[dict[str, Any]], reply: dict[str, Any]
) -> Span:
    values = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "qwen3-8b",
        "gen_ai.response.model": "qwen3-8b", "gen_ai.usage.input_tokens": 40 * len(said),
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": SYSTEM}]),
        "gen_ai.input.messages": json.dumps(said[-4:]),
        "gen_ai.output.messages": json.dumps([{**_message("assistant", reply), "finish_reason": "stop"}]),
    }  # fmt: skip
    return _span(root.trace_id, draw.randbytes(8), root.span_id, number, "chat qwen3-8b", values)


def _tool(root: Span, draw: random.Random, number: int, call: dict[str, Any], result: str) -> Span:
    values = {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call["name"], "gen_ai.tool.call.id": call["id"],
        "gen_ai.tool.call.arguments": json.dumps(call["arguments"]), "gen_ai.tool.call.result": result,
    }  # fmt: skip
    return _span(root.trace_id, draw.randbytes(8), root.span_id, number, "execute_tool search", values)


def _span(
    trace: bytes, span: bytes, parent: bytes, number: int, name: str, values: dict[str, str | int]
) -> Span:
    began = STARTED_NS + number * SECOND
    return Span(
        trace_id=trace, span_id=span, parent_span_id=parent, name=name, kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=began, end_time_unix_nano=began + SECOND,
        attributes=[KeyValue(key=key, value=_value(value)) for key, value in values.items()],
    )  # fmt: skip


def _value(value: str | int) -> AnyValue:
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)


def _export(spans: list[Span]) -> bytes:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    return request.SerializeToString()
