"""LiveKit's agents: ``lk.*`` attributes of voice agents.

https://docs.livekit.io/agents/build/metrics/
"""

from ..chat import read_chat
from ..reading import NOTHING, Foreign, Reading
from ..tools import tools_of
from ..values import as_text, first


def read_livekit(span: Foreign) -> Reading:
    """What the user said, the chat context, the reply, and a tool's call."""
    if "lk" not in span.spaces:
        return NOTHING
    found = {n.removeprefix("lk."): v for n, v in span.attributes.items() if n.startswith("lk.")}
    reply = {
        "role": "assistant",
        "content": first(found, "response.text"),
        "tool_calls": first(found, "response.function_calls"),
    }
    said = read_chat([reply], "assistant").messages if any((reply["content"], reply["tool_calls"])) else []
    context = read_chat(found.get("chat_ctx"), "user")
    tool = as_text(found.get("function_tool.name"))
    return Reading(
        operation="execute_tool" if tool else "chat" if context.messages else "",
        input=context.messages or read_chat(first(found, "user_transcript", "user_input", "input_text"), "user").messages,
        output=said, tools=tools_of(found.get("function_tools")), tool_name=tool,
        tool_call_id=as_text(found.get("function_tool.id")), tool_arguments=found.get("function_tool.arguments"),
        tool_result=found.get("function_tool.output"), agent=as_text(found.get("agent_name")),
    )  # fmt: skip
