"""The GenAI conventions before 1.37: one event a message, or prompt and completion as a single text.

https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md
"""

from typing import Any

from ... import conventions as c
from ..chat import Message, read_chat
from ..parts import Part, result_of, unserialised
from ..reading import NOTHING, Foreign, Reading
from ..values import as_text, parsed

_ROLES = {name: name.split(".")[1] for name in c.MESSAGE_EVENTS}
# What a message has of its own; a reply that is a JSON object of another kind is the content of one.
_SPOKEN = frozenset({"role", "content", "parts", "tool_calls"})
_TEXTS = frozenset({"gen_ai.prompt", "gen_ai.completion"})


def read_genai_events(span: Foreign) -> Reading:
    """Messages of ``gen_ai.*.message`` and ``gen_ai.choice`` events, or of ``gen_ai.prompt``."""
    if not span.events and _TEXTS.isdisjoint(span.attributes):
        return NOTHING
    if span.attributes.get(c.OPERATION) == "execute_tool":
        return _tool(span)
    given, said = _spoken(span)
    prompt, completion = _texts(span, "gen_ai.prompt"), _texts(span, "gen_ai.completion")
    input, output = read_chat(prompt, "user"), read_chat(completion, "assistant")
    messages = _once(given) or input.messages
    told = said or output.messages
    return Reading(operation="chat" if told else "", input=messages, output=told, tools=input.tools)


def _spoken(span: Foreign) -> tuple[list[Message], list[Message]]:
    """What was given and said; a program that keeps the contents to itself tells messages that have none."""
    given = [message for name, found in span.events if name in _ROLES for message in _message(name, found)]
    said = [message for name, found in span.events if name == c.CHOICE_EVENT for message in _choice(found)]
    return [each for each in given if each["parts"]], [each for each in said if each["parts"]]


def _tool(span: Foreign) -> Reading:
    """What a tool was given and returned, as Strands has it: as the messages of its call."""
    given = next((found.get("content") for name, found in span.events if name == "gen_ai.tool.message"), None)
    said = next((found.get("message") for name, found in span.events if name == c.CHOICE_EVENT), None)
    return Reading(tool_arguments=given, tool_result=result_of(said))


def _once(messages: list[Message]) -> list[Message]:
    """Messages without results that came before: some programs tell each as a tool's message, and again as the user's.

    A call without an id is told from no other.
    """
    known: set[tuple[str, str]] = set()
    kept = []
    for message in messages:
        parts = [part for part in message["parts"] if _result_of(part) not in known]
        known.update(result for part in parts if (result := _result_of(part)) is not None)
        if parts or not message["parts"]:
            kept.append({**message, "parts": parts})
    return kept


def _result_of(part: Part) -> tuple[str, str] | None:
    return (part["id"], part["response"]) if part["type"] == "tool_call_response" and part["id"] else None


def event_messages(events: Any) -> tuple[list[Message], list[Message]]:
    """Events as a list of objects with ``event.name``, as Pydantic AI keeps them in one attribute."""
    found = parsed(events)
    given: list[Message] = []
    said: list[Message] = []
    for event in found if isinstance(found, list) else []:
        if not isinstance(event, dict):
            continue
        name = as_text(event.get("event.name"))
        if name == c.CHOICE_EVENT:
            said += _choice(event)
        elif name in _ROLES:
            given += _message(name, event)
    return given, said


def _message(name: str, found: dict[str, Any]) -> list[Message]:
    body = _body(found)
    message = {
        "role": _ROLES[name],
        **body,
        "content": unserialised(body.get("content")),
        "tool_calls": parsed(body.get("tool_calls")),
    }
    if name == "gen_ai.tool.message":
        message["role"] = "tool"
    return read_chat([message], _ROLES[name]).messages


def _choice(found: dict[str, Any]) -> list[Message]:
    body = _body(found)
    message = _said(body.get("message"))
    if message is None:
        message = {"content": unserialised(body.get("content", ""))}
    calls = parsed(message.get("tool_calls") or body.get("tool_calls"))
    inner = {"role": "assistant", **message, **({"tool_calls": calls} if calls else {})}
    return read_chat(
        [{"index": 0, "message": inner, "finish_reason": body.get("finish_reason")}], "assistant"
    ).messages


def _said(value: Any) -> dict[str, Any] | None:
    """The message of a choice: as an object, or its content alone; a reply may be JSON itself."""
    found = parsed(value)
    if isinstance(found, dict) and (not isinstance(value, str) or not _SPOKEN.isdisjoint(found)):
        return found
    return None if value is None else {"content": unserialised(value)}


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
