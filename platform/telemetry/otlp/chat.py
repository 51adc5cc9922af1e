"""Chats of other programs, in the shapes that model APIs and frameworks give them, as one list of messages.

A message is what the GenAI conventions call one, ``{"role", "parts"}``: role is system, user, assistant or
tool, and a tool message has nothing but tool responses, whose ``response`` is text. Read are the shapes of
OpenAI (chat and responses), Anthropic, Gemini, Bedrock, LangChain, the Vercel AI SDK, Pydantic AI and the conventions.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from .parts import Part, call_part, own_part, parts_of, response_part, with_calls
from .tools import Tool, tool_of, tools_of
from .values import parsed

Message = dict[str, Any]

_SPEAKERS = ("system", "user", "assistant", "tool")
_SAID, _SPOKEN = {"role", "parts"}, {"role", "parts", "finish_reason"}
_ROLES = {
    "system": "system", "developer": "system", "systemmessage": "system", "systemmessagechunk": "system",
    "user": "user", "human": "user", "humanmessage": "user", "humanmessagechunk": "user", "request": "user",
    "assistant": "assistant", "ai": "assistant", "aimessage": "assistant", "aimessagechunk": "assistant",
    "model": "assistant", "bot": "assistant", "response": "assistant",
    "tool": "tool", "function": "tool", "toolmessage": "tool", "functionmessage": "tool",
}  # fmt: skip
# A transcript, as OpenLIT writes a prompt: each turn on a line of its own, after its role.
_TURN = re.compile(r"^(system|developer|user|assistant|tool|human|ai): ", re.MULTILINE)
# Where a request or a reply keeps its messages, by who speaks there if a message does not say.
_HOLDERS = (
    ("messages", ""), ("chat_history", ""), ("history", ""), ("prompt", "user"), ("contents", "user"),
    ("choices", "assistant"), ("candidates", "assistant"), ("generations", "assistant"),
)  # fmt: skip
_MOST_NESTED = 12


class Chat(NamedTuple):
    """Messages, and the tools that were offered along with them."""

    messages: list[Message]
    tools: list[Tool]


def read_chat(value: Any, role: str, *, plain: bool = True) -> Chat:
    """The chat that a value holds; empty where it is none.

    ``role`` speaks where nothing says who does. ``plain``: whether a bare text is a message.

    >>> read_chat('[{"role": "human", "content": "Hi"}]', "user").messages
    [{'role': 'user', 'parts': [{'type': 'text', 'content': 'Hi'}]}]
    """
    chat = Chat([], [])
    found = parsed(value)
    if isinstance(found, str):
        if plain:
            chat.messages.extend(_transcript(found, role))
        return chat
    _gather(found, role, chat, 0)
    return chat


def system_message(instructions: Any) -> list[Message]:
    """System instructions, as text or parts, as a message; none where there are none."""
    parts = [{**part, "speaker": "system"} for part in parts_of(parsed(instructions))]
    return list(_turns("system", parts))


def split_history(messages: list[Message]) -> tuple[list[Message], list[Message]]:
    """A whole chat as what the model was given and what it said last."""
    last = next((at for at in range(len(messages) - 1, -1, -1) if messages[at]["role"] == "assistant"), None)
    return (messages, []) if last is None else (messages[:last], messages[last:])


def _transcript(text: str, role: str) -> Iterator[Message]:
    if not text.strip():
        return
    if role != "user" or not _TURN.match(text):
        yield _message(role, parts_of(text))
        return
    _, *turns = _TURN.split(text)
    for speaker, said in zip(turns[::2], turns[1::2], strict=True):
        yield from _by_role(_ROLES[speaker], {"content": said.rstrip("\n")}, parts_of(said.rstrip("\n")))


def _gather(value: Any, role: str, chat: Chat, depth: int) -> None:
    if depth > _MOST_NESTED:
        return
    if isinstance(value, list):
        _gather_list(value, role, chat, depth)
    elif isinstance(value, dict):
        _gather_object(value, role, chat, depth)


def _gather_list(values: list[Any], role: str, chat: Chat, depth: int) -> None:
    """A list of messages, or the parts of a single one."""
    values = [unpacked(parsed(value)) for value in values]
    if any(_is_message(value) or isinstance(value, list) for value in values):
        for value in values:
            _gather(value, role, chat, depth + 1)
        return
    if all(isinstance(value, str) for value in values):
        parts = [part for value in values for part in parts_of(value)]
    else:
        parts = [part for value in values if isinstance(value, dict) for part in parts_of([value])]
    chat.messages.extend(_turns(role, parts))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and (_role_of(value) != "" or _is_item(value) or _inner(value) is not None)


def _gather_object(value: dict[str, Any], role: str, chat: Chat, depth: int) -> None:
    if (own := _own_message(value)) is not None:
        chat.messages.append(own)
        return
    value = unpacked(value)
    if (inner := _inner(value)) is not None:
        _gather_inner(value, inner, role, chat, depth)
    elif _is_item(value):
        chat.messages.extend(_item(value))
    elif _role_of(value):
        _gather_message(value, chat)
    elif _holds_messages(value):
        _gather_holder(value, role, chat, depth)
    elif {"content", "parts", "tool_calls", "toolCalls"} & value.keys():
        chat.messages.extend(_turns(role, with_calls(parts_of(_content(value)), value)))
    elif "text" in value and isinstance(value["text"], str):
        chat.messages.extend(_turns(role, with_calls(parts_of(value["text"]), value)))
    elif part := call_part(value):
        chat.messages.append(_message("assistant", [part]))


def _own_message(value: dict[str, Any]) -> Message | None:
    """A message that is in the form of the conventions already: most are, and come again with every call."""
    role, parts, reason = value.get("role"), value.get("parts"), value.get("finish_reason")
    spoken = role == "assistant" and isinstance(reason, str)
    if value.keys() != (_SPOKEN if spoken else _SAID) or role not in _SPEAKERS or not isinstance(parts, list):
        return None
    own = [part for part in (own_part(part, role) for part in parts) if part]
    if not own or len(own) < len(parts):
        return None
    return {**_message(role, own), "finish_reason": reason} if spoken else _message(role, own)


def unpacked(value: Any) -> Any:
    """LangChain's serialised objects without their wrapping, their class as the type; all else as it is."""
    kwargs = value.get("kwargs") if isinstance(value, dict) else None
    if not isinstance(kwargs, dict) or not ({"lc", "id"} <= value.keys()):
        return value
    name = value["id"][-1] if isinstance(value["id"], list) and value["id"] else ""
    return {**kwargs, "type": kwargs.get("type") or str(name)}


def _inner(value: dict[str, Any]) -> dict[str, Any] | None:
    """The message inside a choice, a candidate or a generation."""
    for name in ("message", "delta"):
        inner = parsed(value.get(name))
        if isinstance(inner, dict):
            found: dict[str, Any] = unpacked(inner)
            return found
    content = value.get("content")
    if isinstance(content, dict) and "parts" in content:
        return content
    return None


def _gather_inner(
    value: dict[str, Any], inner: dict[str, Any], role: str, chat: Chat, depth: int
) -> None:  # fmt: skip
    start = len(chat.messages)
    speaker = "assistant" if "index" in value or "finish_reason" in value or "finishReason" in value else role
    inherited = {name: value[name] for name in ("tool_calls",) if name in value and name not in inner}
    _gather({**inner, **inherited}, speaker, chat, depth + 1)
    reason = value.get("finish_reason") or value.get("finishReason")
    for message in chat.messages[start:]:
        if isinstance(reason, str) and message["role"] == "assistant":
            message.setdefault("finish_reason", reason)


def _role_of(value: dict[str, Any]) -> str:
    """The role of a message, or an empty text where an object does not say that it is one."""
    role = value.get("role")
    if isinstance(role, str) and role:
        return _ROLES.get(role.lower(), "user" if role.lower() not in ("thought",) else "assistant")
    kind = value.get("type") or value.get("kind")
    if isinstance(kind, str) and {"content", "parts"} & value.keys():
        return _ROLES.get(kind.lower(), "")
    name = value.get("event.name")
    if isinstance(name, str) and name.endswith(".message"):
        return _ROLES.get(name.split(".")[-2], "")
    return ""


def _gather_message(value: dict[str, Any], chat: Chat) -> None:
    role, content = _role_of(value), _content(value)
    if role == "tool" and (tool := tool_of(content) if isinstance(content, dict) else None):
        chat.tools.append(tool)
        return
    parts = parts_of(content)
    if reasoning := value.get("reasoning_content") or value.get("reasoning"):
        parts = [
            *({"type": "reasoning", "content": p["content"]} for p in parts_of(reasoning) if "content" in p),
            *parts,
        ]
    turns = list(_by_role(role, value, with_calls(parts, value)))
    reason = value.get("finish_reason")
    if isinstance(reason, str) and turns and turns[-1]["role"] == "assistant":
        turns[-1]["finish_reason"] = reason
    chat.messages.extend(turns)


def _content(value: dict[str, Any]) -> Any:
    """The content of a message, wherever it is kept."""
    if isinstance(value.get("parts"), list):
        return value["parts"]
    return next((value[name] for name in ("content", "contents", "text", "output") if value.get(name)), None)


def _by_role(role: str, value: dict[str, Any], parts: list[Part]) -> Iterator[Message]:
    if role != "tool" or any(part["type"] == "tool_call_response" for part in parts):
        yield from _turns(role, parts, empty=True)
        return
    given = next(
        (value[name] for name in ("tool_call_id", "toolCallId", "call_id", "id") if value.get(name)), None
    )
    yield _message("tool", [response_part(given, _content(value))])


def _turns(role: str, parts: list[Part], *, empty: bool = False) -> Iterator[Message]:
    """Parts as messages: what a tool returned is said by a tool, whoever passed it on.

    ``empty``: whether a message without parts is one.
    """
    if not parts and empty:
        yield _message(role, [])
    for speaker, turn in groupby(parts, lambda part: _speaker(role, part)):
        yield _message(speaker, [{k: v for k, v in part.items() if k != "speaker"} for part in turn])


def _speaker(role: str, part: Part) -> str:
    if part["type"] == "tool_call_response":
        return "tool"
    if part["type"] in ("tool_call", "reasoning"):
        return "assistant"
    return str(part.get("speaker") or ("user" if role == "tool" else role))


def _message(role: str, parts: list[Part]) -> Message:
    return {"role": role, "parts": parts}


_ITEMS = frozenset(
    {"function_call", "function_call_output", "reasoning", "custom_tool_call", "custom_tool_call_output"}
)


def _is_item(value: dict[str, Any]) -> bool:
    """Whether an object is an item of OpenAI's responses other than a message."""
    kind = value.get("type")
    return isinstance(kind, str) and kind in _ITEMS and "role" not in value


def _item(value: dict[str, Any]) -> Iterator[Message]:
    if value["type"].endswith("_output"):
        said = "".join(part["content"] for part in parts_of(value.get("output")) if part["type"] == "text")
        yield _message("tool", [response_part(value.get("call_id"), said)])
    elif value["type"] == "reasoning":
        said = "\n".join(
            p["content"] for p in parts_of(value.get("summary")) if isinstance(p.get("content"), str)
        )
        if said:
            yield _message("assistant", [{"type": "reasoning", "content": said}])
    elif part := call_part({**value, "id": value.get("call_id") or value.get("id")}):
        yield _message("assistant", [part])


def _holds_messages(value: dict[str, Any]) -> bool:
    names = {name for name, _ in _HOLDERS} | {"instructions", "system"}
    if value.get("object") == "response" or isinstance(value.get("output"), list | dict):
        return True
    return bool(names & value.keys()) or isinstance(value.get("input"), list | dict)


def _gather_holder(value: dict[str, Any], role: str, chat: Chat, depth: int) -> None:
    """A request or reply of a model's API: its instructions, its messages, its tools."""
    chat.tools.extend(tools_of(value.get("tools") or _config(value).get("tools")))
    instructions = (
        value.get("system") or value.get("instructions") or _config(value).get("system_instruction")
    )
    given = isinstance(value.get("output"), list) or value.get("object") == "response"
    if instructions and not given:
        chat.messages.extend(system_message(instructions))
    for name, speaker in (*_HOLDERS, ("input", "user"), ("output", "assistant")):
        held = parsed(value.get(name))
        if isinstance(held, str) and (name in ("prompt", "contents") or (name == "input" and instructions)):
            chat.messages.extend(_transcript(held, speaker))
        else:
            _gather(held, speaker or role, chat, depth + 1)


def _config(value: dict[str, Any]) -> dict[str, Any]:
    config = value.get("config")
    return config if isinstance(config, dict) else {}
