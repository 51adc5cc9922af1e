"""A recorded run before it is stored, and what every reader shares."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...platform.errors import InputError
from ...platform.lines import Record, read_records
from ..outcomes import Feedback

Message = dict[str, Any]
ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


@dataclass(frozen=True)
class Recorded:
    """One run of another system.

    ``key`` names it within its source: the same key is the same run, so that a file can be imported
    twice. ``messages`` are in OpenAI's shape and end with what the assistant said or called.
    ``group`` ties attempts at one task together; ``reward`` in [0, 1] is what the source thought. ``user`` is the
    source's own id of whoever asked, empty where it says none: it is stored as a pseudonym. ``feedback`` is what else was
    said of the run.
    """

    key: str
    agent: str
    messages: list[Message]
    tools: list[dict[str, Any]]
    group: str | None = None
    reward: float | None = None
    model: str = "unknown"
    user: str = ""
    feedback: tuple[Feedback, ...] = ()


Reader = Callable[[Record], Recorded]


def read_runs(source: str, reader: Reader) -> Iterator[Recorded]:
    """The runs of a file of JSON lines; raises InputError with the line that is none."""
    return map(reader, read_records(source, plain=False))


def key_of(record: Record) -> str:
    """A key for a record without an id: the hash of its content."""
    return hashlib.sha256(json.dumps(record.fields, sort_keys=True).encode()).hexdigest()[:32]


def checked(feedback: Feedback, where: str) -> Feedback:
    """Feedback that can be stored; raises InputError, with the line, for what cannot."""
    try:
        feedback.check()
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return feedback


def objects(given: object, field: str, where: str) -> list[dict[str, Any]]:
    """A list of objects, or nothing as an empty one; raises InputError for anything else."""
    listed = given or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InputError(f"{where}: {field!r} is not a list of objects.")
    return listed


def messages_of(record: Record, field: str) -> list[Message]:
    """The chat of a record without what follows the assistant's last words.

    Raises:
        InputError: no list of messages, a role that does not exist, or no word of an assistant.
    """
    given = record.fields.get(field)
    if not isinstance(given, list) or not given:
        raise InputError(f"{record.where}: {field!r} is not a list of messages.")
    messages = [_message(each, f"{record.where}, message {at}") for at, each in enumerate(given, 1)]
    last = max((at for at, m in enumerate(messages) if m["role"] == "assistant"), default=None)
    if last is None or not any(m["role"] == "user" for m in messages[:last]):
        raise InputError(f"{record.where}: no assistant answers a user.")
    return messages[: last + 1]


def _message(given: object, where: str) -> Message:
    role = given.get("role") if isinstance(given, dict) else given
    if not isinstance(given, dict) or not isinstance(role, str) or role not in ROLES:
        raise InputError(f"{where}: the role {str(role)[:40]!r} is none of {', '.join(sorted(ROLES))}.")
    role = "system" if role == "developer" else role
    message: Message = {"role": role, "content": _text(given.get("content"), where)}
    calls = objects(given.get("tool_calls"), "tool_calls", where) or _old_call(given)
    if calls:
        message["tool_calls"] = [_call(call, where) for call in calls]
    if role == "tool":
        message["tool_call_id"] = str(given.get("tool_call_id") or "")
    return message


def _text(content: object, where: str) -> str:
    """Content as text: a string, nothing, or the text parts of a list."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text", "")) for part in content)
    raise InputError(f"{where}: the content is neither text nor a list of parts.")


def _old_call(given: dict[str, Any]) -> list[dict[str, Any]]:
    """OpenAI's older ``function_call`` as a list of tool calls."""
    call = given.get("function_call")
    return [{"id": "", "function": call}] if isinstance(call, dict) else []


def _call(call: dict[str, Any], where: str) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InputError(f"{where}: a tool call has no function with a name.")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except json.JSONDecodeError as error:
            raise InputError(
                f"{where}: the arguments of {function['name']} are not JSON: {error}."
            ) from error
    return {
        "id": str(call.get("id") or ""), "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }  # fmt: skip
