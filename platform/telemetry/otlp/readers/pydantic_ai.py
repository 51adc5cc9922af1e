"""Pydantic AI and Logfire: whole chats in one attribute, as parts or as events.

https://ai.pydantic.dev/logfire/
"""

from typing import Any

from ... import conventions as c
from ..chat import Message, read_chat, split_history, system_message
from ..reading import NOTHING, Foreign, Reading
from ..tools import tools_of
from ..values import as_text, first, parsed
from .genai_events import event_messages

# One of these at least is on a span that Pydantic AI or Logfire wrote.
_WRITTEN = frozenset(
    {
        "events", "request_data.events", "all_messages_events", "pydantic_ai.all_messages", "model_request_parameters",
        "tool_arguments", "tool_response",
    }
)  # fmt: skip


def read_pydantic_ai(span: Foreign) -> Reading:
    """Messages of a call or of a whole agent run, tools, and what a tool was given and returned."""
    found = span.attributes
    if _WRITTEN.isdisjoint(found):
        return NOTHING
    given, said = event_messages(first(found, "events", "request_data.events"))
    operation = "chat" if said else ""
    if not given and not said and (history := _history(found)):
        given, said = split_history(history)
        operation = "invoke_agent"
    if not said and operation == "invoke_agent":
        said = read_chat(found.get("final_result"), "assistant").messages
    requested = parsed(found.get("model_request_parameters"))
    tool = bool(first(found, "tool_arguments", "tool_response"))
    return Reading(
        operation="execute_tool" if tool else operation, input=given, output=said,
        tools=_tools(requested) if isinstance(requested, dict) else [],
        request_model=as_text(found.get("model_name")) if operation else "",
        tool_arguments=found.get("tool_arguments"), tool_result=found.get("tool_response"),
        agent=as_text(found.get("agent_name")) if operation == "invoke_agent" else "",
    )  # fmt: skip


def _history(found: dict[str, Any]) -> list[Message]:
    events = found.get("all_messages_events")
    if events:
        given, said = event_messages(events)
        return [*given, *said]
    messages = read_chat(found.get("pydantic_ai.all_messages"), "user").messages
    if messages and messages[0]["role"] != "system":
        messages = [*system_message(found.get(c.SYSTEM_INSTRUCTIONS)), *messages]
    return messages


def _tools(requested: dict[str, Any]) -> list[dict[str, Any]]:
    return [*tools_of(requested.get("function_tools")), *tools_of(requested.get("output_tools"))]
