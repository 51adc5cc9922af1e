"""MLflow's tracing: inputs and outputs of a span as JSON.

https://mlflow.org/docs/latest/genai/tracing/
"""

from ..chat import read_chat
from ..reading import NOTHING, Foreign, Reading
from ..tools import tools_of
from ..values import as_count, as_text, first, parsed

_OPERATIONS = {
    "CHAT_MODEL": "chat", "LLM": "chat", "AGENT": "invoke_agent", "TOOL": "execute_tool",
    "RETRIEVER": "retrieval", "EMBEDDING": "embeddings",
}  # fmt: skip


def read_mlflow(span: Foreign) -> Reading:
    """Type, chat, tools and usage of a span."""
    found = span.attributes
    if "mlflow" not in span.spaces:
        return NOTHING
    operation = _OPERATIONS.get(as_text(parsed(found.get("mlflow.spanType"))), "")
    tool, plain = operation == "execute_tool", operation in ("chat", "invoke_agent") or span.root
    given, said = found.get("mlflow.spanInputs"), found.get("mlflow.spanOutputs")
    usage = parsed(first(found, "mlflow.chat.tokenUsage"))
    usage = usage if isinstance(usage, dict) else {}
    return Reading(
        operation=operation,
        input=[] if tool else read_chat(given, "user", plain=plain).messages,
        output=[] if tool else read_chat(said, "assistant", plain=plain).messages,
        tools=tools_of(found.get("mlflow.chat.tools")),
        input_tokens=as_count(usage.get("input_tokens")), output_tokens=as_count(usage.get("output_tokens")),
        tool_name=span.name if tool else "", tool_arguments=given if tool else None,
        tool_result=said if tool else None, user=as_text(found.get("mlflow.trace.user")),
        session=as_text(found.get("mlflow.trace.session")),
    )  # fmt: skip
