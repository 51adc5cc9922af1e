"""The GenAI conventions before 1.37: one event a message, or prompt and completion as a single text.

https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md
"""

from typing import Any

from ..chat import Message, read_chat
from ..reading import NOTHING, Foreign, Reading
from ..values import as_text, parsed

_ROLES = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}  # fmt: skip
_CHOICE = "gen_ai.choice"
_TEXTS = frozenset({"gen_ai.prompt", "gen_ai.completion"})


def read_genai_events(span: Foreign) -> Reading:
    """Messages of ``gen_ai.*.message`` and ``gen_ai.choice`` events, or of ``gen_ai.prompt``."""
    if not span.events and _TEXTS.isdisjoint(span.attributes):
        return NOTHING
    given = [message for name, found in span.events if name in _ROLES for message in _message(name, found)]
    said = [message for name, found in span.events if name == _CHOICE for message in _choice(found)]
    prompt, completion = _texts(span, "gen_ai.prompt"), _texts(span, "gen_ai.completion")
    input, output = read_chat(prompt, "user"), read_chat(completion, "assistant")
    messages = given or input.messages
    told = said or output.messages
    return Reading(operation="chat" if told else "", input=messages, output=told, tools=input.tools)


def event_messages(events: Any) -> tuple[list[Message], list[Message]]:
    """Events as a list of objects with ``event.name``, as Pydantic AI keeps them in one attribute."""
    found = parsed(events)
    given: list[Message] = []
    said: list[Message] = []
    for event in found if isinstance(found, list) else []:
        if not isinstance(event, dict):
            continue
        name = as_text(event.get("event.name"))
        if name == _CHOICE:
            said += _choice(event)
        elif name in _ROLES:
            given += _message(name, event)
    return given, said


def _message(name: str, found: dict[str, Any]) -> list[Message]:
    body = _body(found)
    message = {
        "role": _ROLES[name],
        **{key: parsed(value) if key == "tool_calls" else value for key, value in body.items()},
    }
    if name == "gen_ai.tool.message":
        message["role"] = "tool"
    return read_chat([message], _ROLES[name]).messages


def _choice(found: dict[str, Any]) -> list[Message]:
    body = _body(found)
    message = parsed(body.get("message"))
    if isinstance(message, str):
        message = {"content": message}
    if not isinstance(message, dict):
        message = {"content": body.get("content", "")}
    calls = parsed(message.get("tool_calls") or body.get("tool_calls"))
    inner = {"role": "assistant", **message, **({"tool_calls": calls} if calls else {})}
    return read_chat(
        [{"index": 0, "message": inner, "finish_reason": body.get("finish_reason")}], "assistant"
    ).messages


def _body(found: dict[str, Any]) -> dict[str, Any]:
    """An event's attributes; some programs keep them as JSON in one of them."""
    inner = parsed(found.get("gen_ai.event.content"))
    return {**found, **inner} if isinstance(inner, dict) else found


def _texts(span: Foreign, name: str) -> Any:
    """The attribute of the span, or of its events, one after another."""
    if name in span.attributes:
        return span.attributes[name]
    texts = [found[name] for _, found in span.events if name in found]
    return texts[0] if len(texts) == 1 else texts
