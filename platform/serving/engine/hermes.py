"""Tool calls in the Hermes form: ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``, and thoughts before them.

The same text that Qwen models write and that vLLM's ``hermes`` and ``qwen3`` parsers read: what is thought stands first, between
``<think>`` and ``</think>``.
"""

import json
import uuid
from typing import NamedTuple

from ..messages import ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"
THINK, THOUGHT = "<think>", "</think>"
# Tokens of a prompt's end that may open the model's thoughts.
OPENING_TOKENS = 8


class Parsed(NamedTuple):
    """The words outside of calls, the calls, and what was thought before."""

    content: str
    calls: list[ToolCall]
    reasoning: str = ""


class Parted(NamedTuple):
    """What was thought, and what comes after it."""

    reasoning: str
    rest: str


def forced_opening(tool: str | None, *, arguments: bool = True) -> str:
    """How a reply begins that must call ``tool``, which takes ``arguments`` or none; or any tool where it is None.

    It ends where the tokens of what the model has learnt to write do: behind a blank it would go on with something else.

    >>> forced_opening("search")
    '<tool_call>\\n{"name": "search", "arguments": {"'
    """
    begun = f'{OPEN}\n{{"name": "'
    if tool is None:
        return begun
    return f'{begun}{json.dumps(tool, ensure_ascii=False)[1:]}, "arguments": {{' + (
        '"' if arguments else f"}}}}\n{CLOSE}"
    )


def parse_reply(text: str) -> Parsed:
    """Split a reply into content and tool calls; a block that is not a call stays content.

    >>> parse_reply('<tool_call>\\n{"name": "f", "arguments": {"x": 1}}\\n</tool_call>').calls[0][
    ...     "function"]
    {'name': 'f', 'arguments': '{"x": 1}'}
    """
    content, calls = "", []
    reasoning, rest = split_reasoning(text)
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
    return Parsed((content + rest).strip(), calls, reasoning)


def split_reasoning(text: str) -> Parted:
    """What a reply thinks first, and the rest; thoughts that were cut off are all of it.

    >>> split_reasoning("<think>\\nTwo and two.\\n</think>\\n\\nFour.")
    Parted(reasoning='Two and two.', rest='Four.')
    """
    begun = text.lstrip()
    if not begun.startswith(THINK):
        return Parted("", text)
    thought, ended, rest = begun[len(THINK) :].partition(THOUGHT)
    return Parted(thought.strip("\n"), rest.lstrip("\n") if ended else "")


def opened_thoughts(prompt: str) -> str:
    """The beginning of a reply whose prompt has opened its thoughts, as some chat templates do; else empty.

    >>> opened_thoughts("<|im_start|>assistant\\n<think>\\n")
    '<think>\\n'
    """
    return f"{THINK}\n" if prompt.rstrip().endswith(THINK) else ""


def visible(text: str) -> Parted:
    """The parts of an unfinished reply that can be streamed without taking them back: of thoughts, and of content."""
    begun = text.lstrip()
    if begun and THINK.startswith(begun):
        return Parted("", "")
    reasoning, rest = split_reasoning(text)
    if begun.startswith(THINK) and THOUGHT not in begun:
        return Parted(_without_begun(begun[len(THINK) :], THOUGHT).strip("\n"), "")
    start = rest.find(OPEN)
    return Parted(reasoning, rest[:start].rstrip() if start >= 0 else _without_begun(rest, OPEN))


def _without_begun(text: str, mark: str) -> str:
    """A text without the beginning of a mark that it may end with."""
    size = next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)
    return text[: len(text) - size]


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
