"""A recorded run before it is stored, and what every reader shares."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...platform.errors import InputError
from ...platform.lines import Record, read_records
from ...platform.telemetry.otlp.parts import parts_of
from ..outcomes import Feedback
from ..trajectory import words_of
from .moments import UNDATED, Period
from .observed import Observed, Scores

Message = dict[str, Any]
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_RENAMED = {"developer": "system", "function": "tool"}
# What pages do not have, and what they are pages of does.
_NO_PAGE = frozenset({"id", "name", "messages", "traj"})
# Of those left out, how many are told why.
TOLD = 3


class NoRunError(InputError):
    """A record that can be read and is no run: nobody was answered, or a tool was called with what is no JSON."""


@dataclass(frozen=True)
class Recorded:
    """One run of another system.

    ``key`` names it within its source: the same key is the same run, so that a file can be imported
    twice. ``messages`` are in OpenAI's shape and end with what the assistant said or called.
    ``group`` ties attempts at one task together; ``reward`` in [0, 1] is what the source thought. ``user`` is the
    source's own id of whoever asked, empty where it says none: it is stored as a pseudonym. ``feedback`` is what else was
    said of the run. ``period`` is when it ran, where the source says so, and the tokens are those that it counted.
    ``spans`` are those of the source's own trace, where it has one, and ``best`` the one that has the chat. ``unjudged`` says
    why what was thought of the run gives no reward.
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
    period: Period = UNDATED
    input_tokens: int = 0
    output_tokens: int = 0
    spans: tuple[Observed, ...] = ()
    best: Observed | None = None
    unjudged: str = ""


Reader = Callable[[Record], Recorded]


class Runs(Iterable[Recorded]):
    """The runs of a source; ``left_out`` counts what is none, and ``reasons`` has why of the first, once all are read."""

    called = "records that are no run"

    def __init__(self) -> None:
        self.left_out = 0
        self.reasons: list[str] = []

    def leave_out(self, why: str = "") -> None:
        """Count what is no run."""
        self.left_out += 1
        if why and len(self.reasons) < TOLD:
            self.reasons.append(why)


class FileRuns(Runs):
    """The runs of a file of JSON lines, a record each; raises InputError with the line that cannot be read."""

    def __init__(self, source: str, reader: Reader) -> None:
        super().__init__()
        self._source, self._reader = source, reader

    def __iter__(self) -> Iterator[Recorded]:
        for record in (each for page in read_records(self._source, plain=False) for each in paged(page)):
            try:
                run = self._reader(record)
            except NoRunError as error:
                self.leave_out(error.message)
            else:
                yield run


def read_runs(source: str, reader: Reader) -> FileRuns:
    """The runs of a file of JSON lines."""
    return FileRuns(source, reader)


def key_of(record: Record, given: object = None) -> str:
    """The key of a record: the id that it was given, or the hash of its content."""
    if given not in (None, ""):
        return str(given)
    return digest(record.fields)


def digest(value: object) -> str:
    """The hash of a value of JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def scored(found: Scores) -> dict[str, Any]:
    """What scores come to, as fields of ``Recorded``."""
    return {"reward": found.reward, "unjudged": found.why, "feedback": found.comments}


def paged(record: Record) -> Iterator[Record]:
    """A record itself, or all that a page of an API has, which is an object with ``data``."""
    if "data" in record.fields and not _NO_PAGE & record.fields.keys():
        for at, fields in enumerate(objects(record.fields["data"], "data", record.where), 1):
            yield Record(fields, f"{record.where}, number {at}")
    else:
        yield record


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
        InputError: no list of messages, or a role that does not exist.
        NoRunError: no word of an assistant, or a call with arguments that are no JSON.
    """
    given = record.fields.get(field)
    if not isinstance(given, list):
        raise InputError(f"{record.where}: {field!r} is not a list of messages.")
    messages = [_message(each, f"{record.where}, message {at}") for at, each in enumerate(given, 1)]
    last = max((at for at, m in enumerate(messages) if m["role"] == "assistant"), default=None)
    if last is None or not any(m["role"] == "user" for m in messages[:last]):
        raise NoRunError(f"{record.where}: no assistant answers a user.")
    return messages[: last + 1]


def _message(given: object, where: str) -> Message:
    role = given.get("role") if isinstance(given, dict) else given
    if not isinstance(given, dict) or not isinstance(role, str) or role not in ROLES:
        raise InputError(f"{where}: the role {str(role)[:40]!r} is none of {', '.join(sorted(ROLES))}.")
    role = _RENAMED.get(role, role)
    message: Message = {"role": role, "content": _text(given.get("content"), where)}
    thought = given.get("reasoning_content") or given.get("reasoning")
    if role == "assistant" and isinstance(thought, str) and thought:
        message["reasoning_content"] = thought
    calls = objects(given.get("tool_calls"), "tool_calls", where) or _old_call(given)
    if calls:
        message["tool_calls"] = [_call(call, where) for call in calls]
    if role == "tool":
        # The older role "function" names the function in place of a call.
        message["tool_call_id"] = str(given.get("tool_call_id") or given.get("name") or "")
    return message


def _text(content: object, where: str) -> str:
    """Content as text: a string, nothing, or the text parts of a list, with a mark for an image or a file."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(map(words_of, parts_of(content)))
    raise InputError(f"{where}: the content is neither text nor a list of parts.")


def _old_call(given: dict[str, Any]) -> list[dict[str, Any]]:
    """OpenAI's older ``function_call`` as a list of tool calls."""
    call = given.get("function_call")
    return [{"id": call.get("name"), "function": call}] if isinstance(call, dict) else []


def _call(call: dict[str, Any], where: str) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InputError(f"{where}: a tool call has no function with a name.")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as error:
            raise NoRunError(
                f"{where}: the arguments of {function['name']} are not JSON: {error}."
            ) from error
    return {
        "id": str(call.get("id") or ""), "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }  # fmt: skip
