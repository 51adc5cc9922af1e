"""OpenLLMetry (Traceloop): prompts and completions by number, and entities with input and output.

https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai
"""

from typing import Any

from ..chat import read_chat, unpacked
from ..reading import NOTHING, Foreign, Reading
from ..tools import tools_of
from ..values import as_count, as_text, first, nested, parsed

_NAMESPACES = ("gen_ai.prompt.", "gen_ai.completion.", "llm.", "traceloop.")
# What LangChain's callbacks wrap a result in.
_RETURNED = {"outputs", "output", "kwargs"}
_OPERATIONS = {"agent": "invoke_agent", "workflow": "invoke_agent", "tool": "execute_tool"}


def read_openllmetry(span: Foreign) -> Reading:
    """Kind, messages, tools, usage, and what an entity was given and returned."""
    found = span.attributes
    if not any(name.startswith(_NAMESPACES) for name in found):
        return NOTHING
    prompts, completions = nested(found, "gen_ai.prompt."), nested(found, "gen_ai.completion.")
    operation = _operation(found, prompts, completions)
    given, said = (
        read_chat(_messages(prompts, "user"), "user"),
        read_chat(_messages(completions, "assistant"), "assistant"),
    )
    tool = operation == "execute_tool"
    entity = _inputs(found.get("traceloop.entity.input"))
    told = _outputs(found.get("traceloop.entity.output"))
    plain = operation == "invoke_agent"
    return Reading(
        operation=operation,
        input=given.messages or ([] if tool else read_chat(entity, "user", plain=plain).messages),
        output=said.messages or ([] if tool else read_chat(told, "assistant", plain=plain).messages),
        tools=tools_of(nested(found, "llm.request.functions.")),
        input_tokens=as_count(found.get("llm.usage.prompt_tokens")),
        output_tokens=as_count(found.get("llm.usage.completion_tokens")),
        tool_name=as_text(first(found, "traceloop.entity.name")) if tool else "",
        tool_arguments=entity if tool else None, tool_result=_returned(told) if tool else None,
        agent=as_text(found.get("traceloop.entity.name")) if found.get("traceloop.span.kind") == "agent" else "",
        session=as_text(first(found, "traceloop.association.properties.session_id", "traceloop.association.properties.thread_id")),
        user=as_text(found.get("traceloop.association.properties.user_id")),
    )  # fmt: skip


def _operation(found: dict[str, Any], prompts: Any, completions: Any) -> str:
    if (
        found.get("llm.request.type") in ("chat", "completion")
        or isinstance(prompts, list)
        or isinstance(completions, list)
    ):
        return "chat"
    if "retriever" in as_text(found.get("traceloop.entity.name")).lower():
        return "retrieval"
    return _OPERATIONS.get(as_text(found.get("traceloop.span.kind")).lower(), "")


def _messages(entries: Any, role: str) -> list[dict[str, Any]]:
    """Numbered messages in OpenAI's shape; the role of a completion may be missing."""
    shaped = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            shaped.append({**entry, "role": entry.get("role") or role})
    return shaped


def _inputs(value: Any) -> Any:
    """What an entity was given, without the wrapping that says how it was passed."""
    found = parsed(value)
    if not isinstance(found, dict):
        return found
    if found.get("inputs") is not None:
        return parsed(found["inputs"])
    if not found.keys() <= {"args", "kwargs", "input_str", "tags", "metadata", "inputs"}:
        return found
    args = found.get("args")
    return (
        found.get("kwargs")
        or (args[0] if isinstance(args, list) and len(args) == 1 else args)
        or found.get("input_str")
    )


def _outputs(value: Any) -> Any:
    """What an entity returned, without the wrapping."""
    found = parsed(value)
    if isinstance(found, dict) and found.keys() & {"outputs", "output"} and found.keys() <= _RETURNED:
        return parsed(found["outputs"] if "outputs" in found else found["output"])
    return found


def _returned(told: Any) -> Any:
    """What a tool returned; of a message of LangChain's its content."""
    message = unpacked(told)
    is_message = isinstance(message, dict) and message.get("type") in ("tool", "ToolMessage")
    return message.get("content") if is_message else told
