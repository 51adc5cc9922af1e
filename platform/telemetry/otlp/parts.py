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
# Blocks of Amazon Bedrock's Converse API, which have no type: what their only key is, and what is below it in each.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
_CONVERSE = {
    "toolUse": "toolUseId", "toolResult": "toolUseId", "image": "source", "document": "source", "audio": "source",
    "video": "source", "guardContent": "text", "citationsContent": "content", "cachePoint": "type",
}  # fmt: skip
_FILES = frozenset({"image", "audio", "video"})
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
    return found if _are_typed(found if isinstance(found, list) else [found]) else block


def _are_typed(blocks: list[Any]) -> bool:
    return bool(blocks) and all(isinstance(block, dict) and _kind(block) in _KNOWN for block in blocks)


def _are_converse(blocks: list[Any]) -> bool:
    return bool(blocks) and all(isinstance(block, dict) and bool(_converse(block)) for block in blocks)


def unserialised(content: Any) -> Any:
    """Blocks of Bedrock's that a program wrote as one JSON text, or each as one; any other content as it is.

    >>> unserialised('[{"text": "Hi"}]'), unserialised('["Hi"]')
    ([{'text': 'Hi'}], '["Hi"]')
    """
    found = parsed(content)
    blocks = [parsed(block) for block in found] if isinstance(found, list) else []
    return blocks if _are_converse(blocks) else content


def _converse(block: dict[str, Any]) -> str:
    """The key of a block of Bedrock's; an empty text for all others."""
    if len(block) != 1:
        return ""
    [(name, inner)] = block.items()
    if name == "json" or (name == "text" and isinstance(inner, str)):
        return name
    if not isinstance(inner, dict):
        return ""
    return name if name == "reasoningContent" or _CONVERSE.get(name) in inner else ""


def _converse_parts(name: str, inner: Any) -> Iterator[Part]:
    match name:
        case "json":
            yield {"type": "text", "content": as_text(inner)}
        case "toolUse":
            if part := call_part({**inner, "id": inner.get("toolUseId")}):
                yield part
        case "toolResult":
            yield response_part(inner.get("toolUseId"), inner.get("content"))
        case "reasoningContent":
            thought = inner.get("reasoningText")
            if isinstance(thought, dict) and isinstance(thought.get("text"), str):
                yield {"type": "reasoning", "content": thought["text"]}
        case "guardContent" | "citationsContent":
            yield from parts_of(inner.get("text") or inner.get("content"))
        case "image" | "document" | "audio" | "video":
            yield _mark(name, inner)


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
    if (name := _converse(block)) and name != "text":
        yield from _converse_parts(name, block[name])
    elif kind in _THOUGHTS or block.get("thought") is True:
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
    return {"type": "tool_call_response", "id": _id(call), "response": as_text(_texts(said))}


def result_of(said: Any) -> Any:
    """What a tool returned without the wrapping of Bedrock's blocks; all else as it is.

    >>> result_of('[{"text": "Rain."}]'), result_of('{"rows": 3}')
    ('Rain.', '{"rows": 3}')
    """
    return _texts(unserialised(said))


def _texts(said: Any) -> Any:
    """The texts of blocks, as one; all else as it is, such as rows that only look like blocks without a text."""
    if not isinstance(said, list) or not (_are_typed(said) or _are_converse(said)):
        return said
    texts = [part["content"] for part in parts_of(said) if part["type"] == "text"]
    return "".join(texts) if texts or _are_typed(said) else said


def calls_of(message: dict[str, Any]) -> list[Part]:
    """The tool calls that a message has beside its content."""
    extra = message.get("additional_kwargs")
    kept = message.get("tool_calls") or message.get("toolCalls") or message.get("tool_call")
    if not kept and isinstance(extra, dict):
        kept = extra.get("tool_calls") or extra.get("function_call")
    kept = parsed(kept or message.get("function_call"))
    calls = kept if isinstance(kept, list) else [kept]
    return [part for call in map(parsed, calls) if isinstance(call, dict) and (part := call_part(call))]


def with_calls(parts: list[Part], message: dict[str, Any]) -> list[Part]:
    """The parts of a message with the calls that it has beside its content; some programs write each in both places."""
    known = {part["id"] for part in parts if part["type"] == "tool_call" and part["id"]}
    return [*parts, *(call for call in calls_of(message) if call["id"] not in known)]


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
    modality = _first(block, "modality") or _modality(kind, as_text(media_type))
    place = _first(data, "uri", "url", "file_uri", "fileUri", "image") or _first(
        block, "image_url", "url", "uri"
    )
    part: Part = {"type": "blob", "modality": as_text(modality)}
    if media_type:
        part["mime_type"] = as_text(media_type)
    if isinstance(place, str) and place.startswith(("http://", "https://", "gs://", "s3://")):
        return {**part, "type": "uri", "uri": place}
    return {**part, "content": ""}


def _modality(kind: str, media_type: str) -> str:
    """What a file is: as its block is called, unless that says no more than that it is a file."""
    known, top = _MEDIA.get(kind), media_type.lower().partition("/")[0]
    if top in _FILES and known in (None, "", "document"):
        return top
    return known or ("document" if top else "image")


_KNOWN = frozenset({*_MEDIA, *_CALLS, *_RESULTS, *_THOUGHTS, "text", "input_text", "output_text", "refusal"})
