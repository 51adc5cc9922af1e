"""OpenInference, as Arize's instrumentations write it: flattened messages, and plain input and output.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from typing import Any

from ..chat import Chat, read_chat
from ..reading import NOTHING, Document, Foreign, Reading
from ..tools import tools_of
from ..values import as_count, as_text, first, nested, parsed

_OPERATIONS = {
    "LLM": "chat", "AGENT": "invoke_agent", "TOOL": "execute_tool", "RETRIEVER": "retrieval",
    "EMBEDDING": "embeddings",
}  # fmt: skip
_SPACES = frozenset({"openinference", "llm", "input", "output", "retrieval", "tool"})
_NAMES = tuple(f"{space}." for space in _SPACES)


def read_openinference(span: Foreign) -> Reading:
    """Kind, messages, tools, model, token counts and retrieved documents."""
    if _SPACES.isdisjoint(span.spaces):
        return NOTHING
    found = {name: value for name, value in span.attributes.items() if name.startswith(_NAMES)}
    operation = _operation(found)
    plain = operation in ("chat", "invoke_agent") or span.root
    given = _messages(found, "llm.input_messages.", "user") or _value(found, "input", "user", plain)
    said = _messages(found, "llm.output_messages.", "assistant") or _value(
        found, "output", "assistant", plain
    )
    tool = operation == "execute_tool"
    return Reading(
        operation=operation, input=given.messages if not tool else [], output=said.messages if not tool else [],
        tools=tools_of(nested(found, "llm.tools.")) or given.tools,
        request_model=as_text(first(found, "llm.model_name", "llm.request.model")),
        provider=as_text(first(found, "llm.provider", "llm.system")),
        input_tokens=as_count(found.get("llm.token_count.prompt")),
        output_tokens=as_count(found.get("llm.token_count.completion")),
        tool_name=(as_text(found.get("tool.name")) or span.name) if tool else "",
        tool_call_id=as_text(first(span.attributes, "tool_call.id", "tool.id")) if tool else "",
        tool_arguments=first(found, "tool.parameters", "input.value") if tool else None,
        tool_result=found.get("output.value") if tool else None,
        query=as_text(found.get("input.value")) if operation == "retrieval" else "",
        documents=_documents(found),
    )  # fmt: skip


def _operation(found: dict[str, Any]) -> str:
    kind = as_text(found.get("openinference.span.kind")).upper()
    if kind:
        return _OPERATIONS.get(kind, "")
    return (
        "chat" if any(name.startswith(("llm.output_messages.", "llm.token_count.")) for name in found) else ""
    )


def _messages(found: dict[str, Any], prefix: str, role: str) -> Chat | None:
    entries = nested(found, prefix)
    if not isinstance(entries, list):
        return None
    chat = read_chat([_message(entry) for entry in entries if isinstance(entry, dict)], role)
    return chat if chat.messages else None


def _message(entry: dict[str, Any]) -> dict[str, Any]:
    """A flattened message in OpenAI's shape."""
    message = entry.get("message", entry)
    if not isinstance(message, dict):
        return {}
    blocks = message.get("contents")
    content = message.get("content")
    if isinstance(blocks, list):
        content = [_block(block) for block in blocks]
    shaped = {name: value for name, value in message.items() if name not in ("contents", "content")}
    if message.get("function_call_name"):
        shaped["function_call"] = {
            "name": message["function_call_name"], "arguments": message.get("function_call_arguments_json"),
        }  # fmt: skip
    return {"role": "", **shaped, "content": content}


def _block(block: Any) -> Any:
    inner = block.get("message_content", block) if isinstance(block, dict) else block
    if isinstance(inner, dict) and isinstance(inner.get("image"), dict):
        url = inner["image"].get("image", inner["image"])
        return {"type": "image", "url": url.get("url") if isinstance(url, dict) else url}
    return inner


def _value(found: dict[str, Any], side: str, role: str, plain: bool) -> Chat:
    return read_chat(found.get(f"{side}.value"), role, plain=plain)


def _documents(found: dict[str, Any]) -> list[Document]:
    entries = nested(found, "retrieval.documents.")
    documents = []
    for entry in entries if isinstance(entries, list) else []:
        one = entry.get("document") if isinstance(entry, dict) else None
        if isinstance(one, dict) and one.get("id") not in (None, ""):
            score = parsed(one.get("score"))
            documents.append(
                Document(
                    as_text(one["id"]),
                    as_text(one.get("content")),
                    score if isinstance(score, float) else None,
                )
            )
    return documents
