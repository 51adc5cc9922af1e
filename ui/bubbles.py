"""Chat messages as something to read, from spans (typed parts) and from dataset rows (OpenAI's shape)."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """A tool call in a message."""

    name: str
    arguments: Any


@dataclass(frozen=True)
class Bubble:
    """A message: its words, and the tools it calls."""

    role: str
    text: str
    calls: tuple[Call, ...] = ()


def bubbles_of(messages: Any) -> list[Bubble]:
    """The messages of a span's attribute (JSON text) or of a dataset's row (a list).

    What is not a message is shown as text, for spans may come from other programs.

    >>> bubbles_of('[{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]')
    [Bubble(role='user', text='Hello', calls=())]
    """
    found = parsed(messages)
    if not isinstance(found, list):
        return [Bubble("", str(found))] if found else []
    return [_bubble(message) for message in found]


def parsed(value: Any) -> Any:
    """JSON text as its value; any other text, and any value, as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _bubble(message: Any) -> Bubble:
    if not isinstance(message, dict):
        return Bubble("", str(message))
    role, parts = str(message.get("role", "")), message.get("parts")
    if isinstance(parts, list):
        texts = [_text(part) for part in parts if isinstance(part, dict)]
        calls = [
            Call(str(part.get("name", "")), parsed(part.get("arguments")))
            for part in parts
            if isinstance(part, dict) and part.get("type") == "tool_call"
        ]
        return Bubble(role, "\n".join(text for text in texts if text), tuple(calls))
    calls = [call for given in _listed(message.get("tool_calls")) if (call := _call(given)) is not None]
    return Bubble(role, str(message.get("content") or ""), tuple(calls))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _call(given: Any) -> Call | None:
    function = given.get("function") if isinstance(given, dict) else None
    if not isinstance(function, dict):
        return None
    return Call(str(function.get("name", "")), parsed(function.get("arguments")))


def _text(part: dict[str, Any]) -> str:
    if part.get("type") == "tool_call":
        return ""
    value = part.get("content", part.get("response", ""))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
