"""A dialogue as the generators make it: OpenAI messages, the tools on offer, and its kind."""

from dataclasses import dataclass
from typing import Any, Literal

from .tools import ToolSchema

Kind = Literal["search", "prose", "refuse", "calculate", "chain", "tool", "none_fits", "talk"]
Message = dict[str, Any]


@dataclass(frozen=True)
class Dialogue:
    """``kind`` is the kind of the last turn, the one that evaluation looks at."""

    kind: Kind
    messages: list[Message]
    tools: list[ToolSchema]


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def answer(text: str) -> Message:
    return {"role": "assistant", "content": text}


def call(name: str, arguments: dict[str, Any], after: str = "") -> Message:
    """An assistant turn that is one tool call, ``after`` some words."""
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", "content": after, "tool_calls": [{"type": "function", "function": function}]}


def observation(text: str) -> Message:
    return {"role": "tool", "content": text}
