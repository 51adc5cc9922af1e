"""Google's Agent Development Kit: requests and replies of Gemini as JSON.

https://google.github.io/adk-docs/observability/
"""

from ..chat import read_chat
from ..reading import NOTHING, Foreign, Reading
from ..values import as_text, first, parsed

_PREFIX = "gcp.vertex.agent."


def read_adk(span: Foreign) -> Reading:
    """Messages, tools and model of a call; arguments and result of a tool."""
    if "gcp" not in span.spaces:
        return NOTHING
    found = {n.removeprefix(_PREFIX): v for n, v in span.attributes.items() if n.startswith(_PREFIX)}
    request, reply = parsed(found.get("llm_request")), parsed(found.get("llm_response"))
    given, said = read_chat(request, "user"), read_chat(reply, "assistant")
    tool = bool(first(found, "tool_call_args", "tool_response"))
    called = isinstance(request, dict) and bool(request)
    return Reading(
        operation="execute_tool" if tool else "chat" if called else "",
        input=[] if tool else given.messages, output=[] if tool else said.messages, tools=given.tools,
        request_model=as_text(request.get("model")) if isinstance(request, dict) else "",
        tool_name=span.name.rpartition(" ")[2] if tool else "",
        tool_call_id=as_text(found.get("tool_call_id")) if tool else "",
        tool_arguments=found.get("tool_call_args"), tool_result=found.get("tool_response"),
        session=as_text(found.get("session_id")),
    )  # fmt: skip
