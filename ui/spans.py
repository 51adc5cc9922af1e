"""The spans of a run as a waterfall: where each stands in time, and its content to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..platform.telemetry import conventions as c
from ..platform.telemetry.tables import Span
from .bubbles import Bubble, bubbles_of, parsed

_FACTS = {
    c.REQUEST_MODEL: "Model asked for",
    c.RESPONSE_MODEL: "Model that answered",
    c.PROVIDER: "Provider",
    c.INPUT_TOKENS: "Tokens read",
    c.OUTPUT_TOKENS: "Tokens written",
    c.FINISH_REASONS: "Ended because",
    c.TEMPERATURE: "Temperature",
    c.TOP_P: "Top p",
    c.MAX_TOKENS: "Most tokens to write",
    c.SEED: "Seed",
    c.TOOL_NAME: "Tool",
    c.DATA_SOURCE: "Collection",
    c.RETRIEVAL_QUERY: "Query",
    c.TRUST: "Trust",
    c.ERROR_TYPE: "Error",
    c.TEMPLATE_HASH: "Chat template",
}
_COUNTED = {
    c.PROMPT_TOKEN_IDS: "Token ids of the prompt",
    c.OUTPUT_TOKEN_IDS: "Token ids of the reply",
    c.OUTPUT_LOGPROBS: "Log-probabilities",
}
_SHOWN_APART = {
    c.INPUT_MESSAGES, c.OUTPUT_MESSAGES, c.TOOL_DEFINITIONS, c.TOOL_ARGUMENTS, c.TOOL_RESULT,
    c.RETRIEVAL_DOCUMENTS, c.OPERATION, c.AGENT_NAME, c.CONVERSATION, c.TOOL_CALL_ID, c.TOOL_TYPE,
}  # fmt: skip
# A bar narrower than this share of the run cannot be seen.
_NARROWEST = 0.4


@dataclass(frozen=True)
class Bar:
    """A span in the waterfall; ``start`` and ``width`` are percent of the run's time."""

    id: str
    name: str
    operation: str
    depth: int
    start: float
    width: float
    milliseconds: float
    failed: bool
    dropped: bool
    redactions: dict[str, int]
    facts: list[tuple[str, Any]]
    messages: list[Bubble]
    reply: list[Bubble]
    arguments: Any
    result: str
    documents: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    events: list[dict[str, Any]]


def waterfall(spans: Sequence[Span]) -> list[Bar]:
    """Bars in the order of a tree: each span before its children, those by their beginning."""
    if not spans:
        return []
    known = {span.span_id for span in spans}
    children: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.end_ns)):
        parent = span.parent_span_id if span.parent_span_id in known else None
        children.setdefault(parent, []).append(span)
    begin = min(span.start_ns for span in spans)
    length = max(1, max(span.end_ns for span in spans) - begin)
    bars: list[Bar] = []
    waiting = [(span, 0) for span in reversed(children.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        bars.append(_bar(span, depth, begin, length))
        waiting += [(child, depth + 1) for child in reversed(children.get(span.span_id, []))]
    return bars


def _bar(span: Span, depth: int, begin: int, length: int) -> Bar:
    attributes = span.attributes
    width = max(_NARROWEST, 100 * (span.end_ns - span.start_ns) / length)
    tools = parsed(attributes.get(c.TOOL_DEFINITIONS))
    documents = parsed(attributes.get(c.RETRIEVAL_DOCUMENTS))
    return Bar(
        id=span.span_id, name=span.name, operation=span.operation, depth=min(depth, 6),
        start=round(min(100 * (span.start_ns - begin) / length, 100 - width), 3), width=round(width, 3),
        milliseconds=(span.end_ns - span.start_ns) / 1e6, failed=span.status == "error",
        dropped=span.content_dropped, redactions=span.redactions, facts=_facts(span),
        messages=bubbles_of(attributes.get(c.INPUT_MESSAGES)),
        reply=bubbles_of(attributes.get(c.OUTPUT_MESSAGES)),
        arguments=parsed(attributes.get(c.TOOL_ARGUMENTS)), result=str(attributes.get(c.TOOL_RESULT, "")),
        documents=[d for d in documents if isinstance(d, dict)] if isinstance(documents, list) else [],
        tools=_functions(tools), events=span.events,
    )  # fmt: skip


def _facts(span: Span) -> list[tuple[str, Any]]:
    """Settings and counts, those with a name first; long lists are counted."""
    attributes = span.attributes
    facts = [(label, _plain(attributes[name])) for name, label in _FACTS.items() if name in attributes]
    facts += [(label, len(attributes[name])) for name, label in _COUNTED.items() if name in attributes]
    named = _FACTS.keys() | _COUNTED.keys() | _SHOWN_APART
    facts += [(name, parsed(value)) for name, value in attributes.items() if name not in named]
    if span.status_message:
        facts.append(("Message", span.status_message))
    return facts


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _functions(tools: Any) -> list[dict[str, Any]]:
    """Name, description and parameter names of the tools that a model was offered."""
    if not isinstance(tools, list):
        return []
    functions = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    return [
        {
            "name": function.get("name", ""),
            "description": function.get("description", ""),
            "parameters": list((function.get("parameters") or {}).get("properties") or {}),
        }
        for function in functions
        if isinstance(function, dict)
    ]
