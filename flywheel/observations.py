"""What a run's model was given that neither a user nor its author wrote: of tools, retrievers and callers' tools.

A tool or retriever may have a span of its own, or be known from the chat alone, as in traces that show model calls
and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..platform.telemetry import conventions as c
from ..platform.telemetry.otlp.values import parsed
from ..platform.telemetry.redaction.walk import texts_of

# Of a result whose call the chat does not show.
UNNAMED = "tool"
# What a retriever's span calls it, in this order; else the span's name.
NAMES = (c.DATA_SOURCE, c.TOOL_NAME, "traceloop.entity.name")
# What conventions call that which a span returned.
_RETURNED = ("output.value", "langfuse.observation.output", "mlflow.spanOutputs", "traceloop.entity.output")
_PASSAGES = (c.RETRIEVAL_DOCUMENTS, f"unread.{c.RETRIEVAL_DOCUMENTS}")
_FLAT, _CONTENT = "retrieval.documents.", ".document.content"


@dataclass(frozen=True)
class Observation:
    """What a tool or retriever returned: the span that shows it, and the source's name."""

    span_id: str
    tool: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A span as far as observations need it; ``messages`` are those of its model's input, in the conventions' form."""

    span_id: str
    name: str
    operation: str
    attributes: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]] = ()


def observations_of(spans: Iterable[Shown]) -> tuple[Observation, ...]:
    """Every text once: what spans of tools and retrievers returned, then what only chats show."""
    every = list(spans)
    texts: dict[str, Observation] = {}
    for one in (one for read in (_returned, _retrieved, _told) for span in every for one in read(span)):
        if one.text.strip():
            texts.setdefault(one.text, one)
    return tuple(texts.values())


def _returned(span: Shown) -> Iterator[Observation]:
    """What the span of a tool says that it returned."""
    if span.operation == "execute_tool":
        name = str(span.attributes.get(c.TOOL_NAME, ""))
        yield Observation(span.span_id, name, str(span.attributes.get(c.TOOL_RESULT, "")))


def _retrieved(span: Shown) -> Iterator[Observation]:
    """The passages that the span of a retriever says that it returned."""
    # Whorl's own retriever is part of its search tool, which hands its passages on.
    if span.operation == "retrieval" and c.SOURCE in span.attributes:
        for text in passages_of(span.attributes):
            yield Observation(span.span_id, retriever_of(span.name, span.attributes), text)


def _told(span: Shown) -> Iterator[Observation]:
    """Results of tools among the messages that a model was given."""
    names = {
        part["id"]: part["name"]
        for message in span.messages
        for part in message["parts"]
        if part["type"] == "tool_call" and part.get("id")
    }
    for message in span.messages:
        for part in message["parts"]:
            if part["type"] == "tool_call_response":
                name = names.get(part.get("id") or "", UNNAMED)
                yield Observation(span.span_id, name, str(part["response"]))


def retriever_of(name: str, attributes: Mapping[str, Any]) -> str:
    """What a retriever is called whose span has this name and these attributes."""
    return next((str(attributes[each]) for each in NAMES if attributes.get(each)), name)


def passages_of(attributes: Mapping[str, Any]) -> list[str]:
    """The texts that a retriever's span says it returned.

    >>> passages_of({"retrieval.documents.0.document.content": "Rain.", "input.value": "Oslo"})
    ['Rain.']
    """
    kept = (parsed(attributes.get(name)) for name in _PASSAGES)
    contents = [
        *(d["content"] for found in kept if isinstance(found, list) for d in found if _has_content(d)),
        *(v for n, v in attributes.items() if n.startswith(_FLAT) and n.endswith(_CONTENT)),
    ]
    if contents:
        return list(dict.fromkeys(str(content) for content in contents))
    returned = ("\n".join(texts_of(parsed(attributes[name]))) for name in _RETURNED if name in attributes)
    return list(dict.fromkeys(returned))


def _has_content(document: Any) -> bool:
    return isinstance(document, dict) and bool(document.get("content"))
