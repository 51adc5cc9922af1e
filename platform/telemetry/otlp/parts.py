"""The parts of a message: text, reasoning, tool calls and their results, and marks for images and files."""

from collections.abc import Iterator
from typing import Any

from .values import as_text, parsed

Part = dict[str, Any]

_MEDIA = {
    "image": "image", "image_url": "image", "input_image": "image", "image-data": "image", "image-url": "image",
    "audio": "audio", "input_audio": "audio", "audio-url": "audio", "video": "video", "video-url": "video",
    "file": "document", "input_file": "document", "document": "document", "document-url": "document",
    "blob": "", "uri": "", "media": "", "binary": "",
}  # fmt: skip
_CALLS = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_use"})
_RESULTS = frozenset(
    {"tool_call_response", "tool_result", "tool-result", "tool-return", "function_call_output"}
)
_THOUGHTS = frozenset({"reasoning", "thinking", "redacted_thinking", "thought"})
# Names in the conventions' own form.
_TEXT, _CALL, _RESPONSE = {"type", "content"}, {"type", "id", "name", "arguments"}, {"type", "id", "response"}


def parts_of(content: Any) -> list[Part]:
    """The parts of a message's content: a text, one block or several.

    >>> parts_of([{"type": "text", "text": "Hi"}, {"type": "image", "source": {"data": "…"}}])
    [{'type': 'text', 'content': 'Hi'}, {'type': 'blob', 'modality': 'image', 'content': ''}]
    """
    blocks = content if isinstance(content, list) else [content]
    return [part for block in blocks for part in _block(_reparsed(block))]


def own_part(part: Any, role: str) -> Part | None:
    """A part that is in the conventions' own form and of this speaker; None for all others.

    >>> own_part({"type": "text", "content": "Hi"}, "user"), own_part({"type": "text", "text": "Hi"}, "user")
    ({'type': 'text', 'content': 'Hi'}, None)
    """
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and role != "tool" and part.keys() == _TEXT:
        said = part["content"]
        if isinstance(said, str) and said:
            return {"type": "text", "content": said}
    if kind == "tool_call" and role == "assistant" and part.keys() == _CALL:
        call, name, given = part["id"], part["name"], part["arguments"]
        if isinstance(call, str) and isinstance(name, str) and name and isinstance(given, dict):
            return {"type": "tool_call", "id": call, "name": name, "arguments": given}
    if kind == "tool_call_response" and role == "tool" and part.keys() == _RESPONSE:
        call, said = part["id"], part["response"]
        if isinstance(call, str) and isinstance(said, str):
            return {"type": "tool_call_response", "id": call, "response": said}
    return None


def _reparsed(block: Any) -> Any:
    """A block that is JSON of a known kind as its value; a text that merely looks like JSON stays one."""
    if not isinstance(block, str) or '"type"' not in block:
        return block
    found = parsed(block)
    blocks = found if isinstance(found, list) else [found]
    known = all(isinstance(one, dict) and (_kind(one) in _KNOWN) for one in blocks)
    return found if blocks and known else block


def _block(block: Any) -> Iterator[Part]:
    if isinstance(block, list):
        for each in block:
            yield from _block(each)
    elif isinstance(block, dict):
        yield from _object(block)
    elif block not in (None, ""):
        yield {"type": "text", "content": as_text(block)}


def _object(block: dict[str, Any]) -> Iterator[Part]:
    kind = _kind(block)
    if kind in _THOUGHTS or block.get("thought") is True:
        yield {"type": "reasoning", "content": as_text(_words(block))}
    elif kind in _RESULTS or {"function_response", "functionResponse"} & block.keys():
        yield _result(block)
    elif kind in _CALLS or {"function_call", "functionCall", "toolName"} & block.keys():
        part = call_part(block)
        if part is not None:
            yield part
    elif kind in _MEDIA or {"inline_data", "inlineData", "file_data", "fileData", "image"} & block.keys():
        yield _mark(kind, block)
    elif (words := _words(block)) is not None:
        part = {"type": "text", "content": as_text(words)}
        if as_text(words):
            yield {**part, "speaker": "system"} if kind in ("system-prompt", "instructions") else part
    elif kind and kind not in _KNOWN:
        yield {"type": kind}
    elif not kind:
        yield {"type": "text", "content": as_text(block)}


def _kind(block: dict[str, Any]) -> str:
    kind = block.get("type") or block.get("part_kind") or block.get("kind")
    return kind if isinstance(kind, str) else ""


def _words(block: dict[str, Any]) -> Any:
    """The text of a block, or None where it has none."""
    for name in ("text", "content", "thinking", "refusal", "input_text", "output_text", "summary"):
        value = block.get(name)
        if isinstance(value, dict) and "value" in value:
            return value["value"]
        if isinstance(value, list):
            return "".join(
                part["content"] for part in parts_of(value) if part["type"] in ("text", "reasoning")
            )
        if value is not None:
            return value
    return None


def _result(block: dict[str, Any]) -> Part:
    inner = block.get("function_response") or block.get("functionResponse")
    block = inner if isinstance(inner, dict) else block
    given = _first(block, "tool_use_id", "tool_call_id", "toolCallId", "call_id", "id")
    said = _first(block, "response", "result", "output", "content")
    if (
        isinstance(said, dict)
        and "value" in said
        and said.get("type") in ("text", "json", "error-text", "error-json")
    ):
        said = said["value"]
    return response_part(given, said)


def response_part(call: Any, said: Any) -> Part:
    """What a tool returned to a call, as text."""
    if (
        isinstance(said, list)
        and said
        and all(isinstance(one, dict) and _kind(one) in _KNOWN for one in said)
    ):
        said = "".join(part["content"] for part in parts_of(said) if part["type"] == "text")
    return {"type": "tool_call_response", "id": _id(call), "response": as_text(said)}


def calls_of(message: dict[str, Any]) -> list[Part]:
    """The tool calls that a message has beside its content."""
    extra = message.get("additional_kwargs")
    kept = message.get("tool_calls") or message.get("toolCalls") or message.get("tool_call")
    if not kept and isinstance(extra, dict):
        kept = extra.get("tool_calls") or extra.get("function_call")
    kept = parsed(kept or message.get("function_call"))
    calls = kept if isinstance(kept, list) else [kept]
    return [part for call in map(parsed, calls) if isinstance(call, dict) and (part := call_part(call))]


def call_part(call: dict[str, Any]) -> Part | None:
    """A tool call in any of its shapes; None where it has no name."""
    inner: dict[str, Any] = next(
        (call[name] for name in ("function", "function_call", "functionCall", "tool_call") if isinstance(call.get(name), dict)),
        {},
    )  # fmt: skip
    if isinstance(inner.get("function"), dict):
        return call_part(inner)
    name = _first(inner, "name") or _first(call, "name", "toolName", "tool_name")
    if not isinstance(name, str) or not name:
        return None
    given = _first(call, "tool_call_id", "toolCallId", "call_id", "id") or _first(inner, "id")
    arguments = _first(inner, "arguments", "args")
    if arguments is None:
        arguments = _first(call, "arguments", "args", "input")
    found = parsed(arguments)
    return {
        "type": "tool_call", "id": _id(given), "name": name,
        "arguments": {} if found in (None, "") else found,
    }  # fmt: skip


def _id(value: Any) -> str:
    """The id of a call; of several ids for one call, the last is the call's own."""
    if isinstance(value, list):
        return _id(value[-1]) if value else ""
    return as_text(value)


def _first(value: dict[str, Any], *names: str) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _mark(kind: str, block: dict[str, Any]) -> Part:
    """A mark for an image or another file: where it lies, or that it was there; never its bytes."""
    data = next(
        (block[name] for name in ("inline_data", "inlineData", "file_data", "fileData", "source", "image_url", "image", "file")
         if isinstance(block.get(name), dict)),
        block,
    )  # fmt: skip
    media_type = _first(data, "mime_type", "mimeType", "media_type", "mediaType") or _first(
        block, "mime_type", "mediaType"
    )
    modality = _first(block, "modality") or _MEDIA.get(kind) or as_text(media_type).split("/")[0] or "image"
    place = _first(data, "uri", "url", "file_uri", "fileUri", "image") or _first(
        block, "image_url", "url", "uri"
    )
    part: Part = {"type": "blob", "modality": as_text(modality)}
    if media_type:
        part["mime_type"] = as_text(media_type)
    if isinstance(place, str) and place.startswith(("http://", "https://", "gs://", "s3://")):
        return {**part, "type": "uri", "uri": place}
    return {**part, "content": ""}


_KNOWN = frozenset({*_MEDIA, *_CALLS, *_RESULTS, *_THOUGHTS, "text", "input_text", "output_text", "refusal"})
