"""TensorZero's messages, which are blocks of content, as chats in OpenAI's shape.

https://www.tensorzero.com/docs/gateway/api-reference/inference#content-block
"""

import json
from typing import Any

from ...platform.errors import InputError
from ...platform.storable import json_text
from .base import Message, objects

_TEXTS = ("text", "raw_text", "template")
# What a model said to itself; it is no part of what is learnt.
_THOUGHT = "thought"


def read_json(value: object, name: str, where: str) -> Any:
    """A column of JSON, as text or as the value that it stands for; raises InputError for a text that is none."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise InputError(f"{where}: {name!r} is not JSON: {error}.") from error


def said(value: object) -> str:
    """A text as it is; the arguments of a template as JSON, for their template is not in the row."""
    return value if isinstance(value, str) else json_text(value)


def chat_of(system: object, messages: object, where: str) -> list[Message] | None:
    """The chat of a system prompt and messages; None where a message is more than text and tools."""
    chat: list[Message] = [{"role": "system", "content": said(system)}] if system else []
    for given in objects(messages, "messages", where):
        turns = _turns(str(given.get("role")), given.get("content"), where)
        if turns is None:
            return None
        chat += turns
    return chat


def reply_of(output: object, where: str) -> Message | None:
    """An inference's output as what the assistant said: blocks, or the ``raw`` text of a JSON function."""
    if isinstance(output, dict):
        raw = output.get("raw")
        answer = raw if isinstance(raw, str) else json_text(output.get("parsed"))
        return {"role": "assistant", "content": answer} if output.get("parsed") is not None or raw else None
    turns = _turns("assistant", output, where)
    return turns[0] if turns is not None and len(turns) == 1 else None


def tools_of(fields: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """The tools that a row says its inference was offered; those of the configuration are in older rows alone."""
    params = read_json(fields.get("tool_params") or "{}", "tool_params", where)
    offered = objects(
        params.get("tools_available") if isinstance(params, dict) else None, "tool_params", where
    )
    dynamic = read_json(fields.get("dynamic_tools") or [], "dynamic_tools", where)
    given = dynamic if isinstance(dynamic, list) else []
    offered = [
        *offered,
        *objects([read_json(tool, "dynamic_tools", where) for tool in given], "dynamic_tools", where),
    ]
    return [
        {"type": "function", "function": {name: tool[name] for name in ("name", "description", "parameters") if name in tool}}
        for tool in offered
        if isinstance(tool.get("name"), str)
    ]  # fmt: skip


def _turns(role: str, content: object, where: str) -> list[Message] | None:
    """A message as one of what was said and called, behind what tools returned; None for other content."""
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    results: list[Message] = []
    for block in objects(content, "content", where):
        kind = block.get("type")
        if kind in _TEXTS:
            texts.append(
                said(next((block[name] for name in ("text", "value", "arguments") if name in block), ""))
            )
        elif kind == "tool_call" and (call := _call(block)):
            calls.append(call)
        elif kind == "tool_result":
            results.append(
                {
                    "role": "tool",
                    "tool_call_id": str(block.get("id") or ""),
                    "content": said(block.get("result")),
                }
            )
        elif kind != _THOUGHT:
            return None
    spoken: Message = {"role": role, "content": "\n".join(texts), **({"tool_calls": calls} if calls else {})}
    return [*results, *([spoken] if texts or calls else [])]


def _call(block: dict[str, Any]) -> dict[str, Any] | None:
    """A tool call, or None for one whose arguments are no object, which no tool could be called with."""
    name = block.get("name") or block.get("raw_name")
    arguments = block.get("arguments")
    if arguments is None:
        arguments = block.get("raw_arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    return {
        "id": str(block.get("id") or ""),
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
