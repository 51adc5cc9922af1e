"""Langfuse's SDKs and its LangChain and LangGraph callbacks: ``langfuse.observation.*`` and ``langfuse.trace.*``.

https://langfuse.com/integrations/native/opentelemetry
"""

from typing import Any

from ..chat import Chat, read_chat
from ..reading import NOTHING, Foreign, Reading
from ..values import as_count, as_text, first, parsed

_OPERATIONS = {
    "generation": "chat", "agent": "invoke_agent", "tool": "execute_tool", "retriever": "retrieval",
    "embedding": "embeddings",
}  # fmt: skip
_OBSERVATION = "langfuse.observation."


def read_langfuse(span: Foreign) -> Reading:
    """Type, input and output, model and usage of an observation."""
    if "langfuse" not in span.spaces:
        return NOTHING
    found = {n: v for n, v in span.attributes.items() if n.startswith("langfuse.")}
    model = as_text(found.get(f"{_OBSERVATION}model.name"))
    operation = _OPERATIONS.get(as_text(found.get(f"{_OBSERVATION}type")), "chat" if model else "")
    usage = parsed(found.get(f"{_OBSERVATION}usage_details"))
    usage = usage if isinstance(usage, dict) else {}
    tool = operation == "execute_tool" or _names_tool(span.attributes)
    plain = span.root or operation in ("chat", "invoke_agent") or _names_model(span)
    given = Chat([], []) if tool else _side(span, found, "input", "user", plain)
    said = Chat([], []) if tool else _side(span, found, "output", "assistant", plain)
    return Reading(
        operation=operation, input=given.messages, output=said.messages, tools=given.tools,
        request_model=model,
        input_tokens=as_count(first(usage, "input", "input_tokens", "prompt_tokens")),
        output_tokens=as_count(first(usage, "output", "output_tokens", "completion_tokens")),
        tool_name=span.name if operation == "execute_tool" else "",
        tool_arguments=found.get(f"{_OBSERVATION}input") if tool else None,
        tool_result=found.get(f"{_OBSERVATION}output") if tool else None,
    )  # fmt: skip


def _side(span: Foreign, found: dict[str, Any], side: str, role: str, plain: bool) -> Chat:
    own = read_chat(found.get(f"{_OBSERVATION}{side}"), role, plain=plain)
    if own.messages or not span.root:
        return own
    return read_chat(found.get(f"langfuse.trace.{side}"), role, plain=plain)


def _names_tool(attributes: dict[str, Any]) -> bool:
    return bool(first(attributes, "gen_ai.tool.name", "ai.toolCall.name"))


def _names_model(span: Foreign) -> bool:
    return bool(
        first(span.attributes, "gen_ai.request.model", "ai.model.id", "llm.model_name")
    ) or span.name.startswith("chat ")
