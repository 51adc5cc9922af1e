"""Tool calls in the Hermes form: ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``.

The same text that Qwen models write and that vLLM's ``hermes`` parser reads.
"""

import json
import uuid
from typing import NamedTuple

from ..messages import ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"


class Parsed(NamedTuple):
    """The words outside of calls, and the calls."""

    content: str
    calls: list[ToolCall]


def forced_opening(tool: str | None) -> str:
    """How a reply begins that must call ``tool``, or any tool where it is None.

    >>> forced_opening("search")
    '<tool_call>\\n{"name": "search", "arguments": '
    """
    begun = f'{OPEN}\n{{"name": '
    return f'{begun}"' if tool is None else f'{begun}{json.dumps(tool, ensure_ascii=False)}, "arguments": '


def parse_reply(text: str) -> Parsed:
    """Split a reply into content and tool calls; a block that is not a call stays content.

    >>> parse_reply('<tool_call>\\n{"name": "f", "arguments": {"x": 1}}\\n</tool_call>').calls[0][
    ...     "function"]
    {'name': 'f', 'arguments': '{"x": 1}'}
    """
    content, calls = "", []
    rest = text
    while (start := rest.find(OPEN)) >= 0:
        end = rest.find(CLOSE, start)
        body = rest[start + len(OPEN) : end if end >= 0 else len(rest)]
        call = _call(body)
        content += rest[:start]
        if call is None:
            content += rest[start : end + len(CLOSE) if end >= 0 else len(rest)]
        else:
            calls.append(call)
        rest = rest[end + len(CLOSE) :] if end >= 0 else ""
    return Parsed((content + rest).strip(), calls)


def visible(text: str) -> str:
    """The part of an unfinished reply that can be streamed as content without taking it back."""
    start = text.find(OPEN)
    if start >= 0:
        return text[:start].rstrip()
    for size in range(min(len(OPEN) - 1, len(text)), 0, -1):
        if text.endswith(OPEN[:size]):
            return text[:-size]
    return text


def _call(body: str) -> ToolCall | None:
    try:
        value = json.loads(body)
    except json.JSONDecodeError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        return None
    return {
        "id": f"call_{uuid.uuid4().hex[:24]}",
        "type": "function",
        "function": {"name": value["name"], "arguments": json.dumps(arguments, ensure_ascii=False)},
    }
