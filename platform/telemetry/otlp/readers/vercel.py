"""The Vercel AI SDK: ``ai.*`` attributes.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry
"""

from typing import Any

from ..chat import Message, read_chat, system_message
from ..reading import NOTHING, Foreign, Reading
from ..tools import tools_of
from ..values import as_count, as_text, first, parsed


def read_vercel(span: Foreign) -> Reading:
    """Operation, prompt, reply, tools, model and usage."""
    found = span.attributes
    called = as_text(first(found, "ai.operationId", "operation.name"))
    if not called and "ai" not in span.spaces:
        return NOTHING
    prompt = parsed(first(found, "ai.prompt"))
    return Reading(
        operation=_operation(called.split(" ")[0]), input=_input(found, prompt), output=_output(found),
        tools=tools_of(found.get("ai.prompt.tools")),
        request_model=as_text(found.get("ai.model.id")), response_model=as_text(found.get("ai.response.model")),
        provider=as_text(found.get("ai.model.provider")),
        input_tokens=as_count(first(found, "ai.usage.inputTokens", "ai.usage.promptTokens")),
        output_tokens=as_count(first(found, "ai.usage.outputTokens", "ai.usage.completionTokens")),
        finish_reason=as_text(first(found, "ai.response.finishReason", "ai.finishReason")),
        tool_name=as_text(found.get("ai.toolCall.name")), tool_call_id=as_text(found.get("ai.toolCall.id")),
        tool_arguments=first(found, "ai.toolCall.args", "ai.toolCall.input"),
        tool_result=first(found, "ai.toolCall.result", "ai.toolCall.output"),
        agent=as_text(found.get("ai.telemetry.functionId")),
        session=as_text(first(found, "ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.threadId")),
        user=as_text(found.get("ai.telemetry.metadata.userId")),
    )  # fmt: skip


def _operation(called: str) -> str:
    """A call of the model is the inner span; the outer one holds all its steps, as an agent does."""
    if not called.startswith(("ai.", "generate", "stream", "embed")):
        return ""
    step = called.rpartition(".")[2]
    if step in ("doGenerate", "doStream"):
        return "chat"
    if step == "toolCall":
        return "execute_tool"
    if "mbed" in step:
        return "embeddings"
    return "invoke_agent" if step.startswith(("generate", "stream")) else ""


def _input(found: dict[str, Any], prompt: Any) -> list[Message]:
    messages = read_chat(found.get("ai.prompt.messages"), "user").messages
    if not messages:
        return read_chat(prompt, "user").messages
    system = prompt.get("system") if isinstance(prompt, dict) else None
    return messages if messages[0]["role"] == "system" else [*system_message(system), *messages]


def _output(found: dict[str, Any]) -> list[Message]:
    reply = {
        "reasoning": first(found, "ai.response.reasoning", "ai.result.reasoning"),
        "content": first(
            found, "ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object"
        ),
        "tool_calls": first(found, "ai.response.toolCalls", "ai.result.toolCalls"),
    }
    if not any(reply.values()):
        return read_chat(found.get("ai.response.messages"), "assistant").messages
    return read_chat([{"role": "assistant", **reply}], "assistant").messages
