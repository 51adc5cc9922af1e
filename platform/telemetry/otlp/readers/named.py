"""What a span's name says where its attributes do not, and input and output without a namespace."""

from ..chat import read_chat
from ..reading import NOTHING, Foreign, Reading
from ..values import as_text, first
from .genai import operation_of

_NAMES = (
    "chat",
    "text_completion",
    "generate_content",
    "invoke_agent",
    "execute_tool",
    "embeddings",
    "retrieval",
)


def read_named(span: Foreign) -> Reading:
    """``chat gpt-4o`` is a model call, ``execute_tool search`` a tool's; ``input`` and ``output`` of any."""
    word, _, rest = span.name.partition(" ")
    operation = operation_of(word) if word in _NAMES else ""
    found = span.attributes
    given, said = first(found, "input", "prompt"), first(found, "output", "completion")
    if not operation and given is None and said is None:
        return NOTHING
    plain = span.root or operation in ("chat", "invoke_agent")
    return Reading(
        operation=operation,
        input=read_chat(given, "user", plain=plain).messages,
        output=read_chat(said, "assistant", plain=plain).messages,
        request_model=rest if operation == "chat" else as_text(first(found, "model", "model_name")) if operation else "",
        tool_name=rest if operation == "execute_tool" else "",
        agent=rest if operation == "invoke_agent" else "",
    )  # fmt: skip
