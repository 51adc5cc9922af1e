"""The GenAI semantic conventions from 1.37 on: messages as attributes of the span or of its events.

https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai
"""

from typing import Any

from ... import conventions as c
from ..chat import Message, read_chat, system_message
from ..parts import result_of
from ..reading import Document, Foreign, Reading
from ..tools import tools_of
from ..values import as_count, as_text, first, parsed

# Those with a dot are Semantic Kernel's, up to 1.37.
_CALLS = frozenset(
    {
        "chat", "text_completion", "generate_content", "completion", "chat.completions",
        "chat.streaming_completions", "text.completions", "text.streaming_completions",
    }
)  # fmt: skip
_AGENTS = frozenset({"invoke_agent", "create_agent", "invoke_workflow"})


def operation_of(name: str) -> str:
    """One of Whorl's operations for one of the conventions'; an unknown one stays as it is."""
    return "chat" if name in _CALLS else "invoke_agent" if name in _AGENTS else name


def read_genai(span: Foreign) -> Reading:
    """Operation, messages, tools, model, usage, agent and conversation."""
    found = span.attributes
    for name, attributes in span.events:
        if name == c.DETAILS_EVENT:
            found = {**attributes, **found}
    reasons = found.get(c.FINISH_REASONS)
    tool = as_text(found.get(c.TOOL_NAME))
    operation = operation_of(as_text(found.get(c.OPERATION)))
    return Reading(
        operation=operation or ("execute_tool" if tool else ""),
        input=_input(found), output=read_chat(found.get(c.OUTPUT_MESSAGES), "assistant").messages,
        tools=tools_of(found.get(c.TOOL_DEFINITIONS)),
        request_model=as_text(found.get(c.REQUEST_MODEL)), response_model=as_text(found.get(c.RESPONSE_MODEL)),
        provider=as_text(first(found, c.PROVIDER, "gen_ai.system")),
        input_tokens=as_count(first(found, c.INPUT_TOKENS, "gen_ai.usage.prompt_tokens")),
        output_tokens=as_count(first(found, c.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens")),
        finish_reason=as_text(reasons[0] if isinstance(reasons, list) and reasons else ""),
        tool_name=tool, tool_call_id=_call_id(found.get(c.TOOL_CALL_ID)),
        tool_arguments=_own(span, c.TOOL_ARGUMENTS, "traceloop.entity.input"),
        tool_result=result_of(_own(span, c.TOOL_RESULT, "traceloop.entity.output")),
        agent=as_text(found.get(c.AGENT_NAME)),
        query=as_text(found.get(c.RETRIEVAL_QUERY)), documents=documents_of(found.get(c.RETRIEVAL_DOCUMENTS)),
    )  # fmt: skip


def _input(found: dict[str, Any]) -> list[Message]:
    messages = read_chat(found.get(c.INPUT_MESSAGES), "user").messages
    if not messages or messages[0]["role"] == "system":
        return messages
    return [*system_message(found.get(c.SYSTEM_INSTRUCTIONS)), *messages]


def _own(span: Foreign, name: str, wrapped: str) -> Any:
    """An attribute; None where OpenLLMetry wrote its own, with the wrapping that its reader takes off, under this name, too."""
    value = span.attributes.get(name)
    return None if value is not None and value == span.attributes.get(wrapped) else value


def _call_id(value: Any) -> str:
    return as_text(value[-1] if isinstance(value, list) and value else value)


def documents_of(value: Any) -> list[Document]:
    """Passages that say which document they are of."""
    found = parsed(value)
    if not isinstance(found, list):
        return []
    return [
        Document(as_text(one["id"]), as_text(one.get("content")), _score(one.get("score")))
        for one in found
        if isinstance(one, dict) and one.get("id") not in (None, "")
    ]


def _score(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
