"""Feedback and chats of Open WebUI, as its pages export them: a JSON list, or an entry a line.

Feedback (``/api/v1/evaluations/feedbacks/all/export``) has the rated chat in its ``snapshot``; of an export of chats
(``/api/v1/chats/all``) each chat is what was said last in it. What tools did stands in the text of an answer, as
``<details type="tool_calls" …>``, and is read from there.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from ...platform.lines import Record
from ..outcomes import Feedback
from .base import Message, NoRunError, Recorded, checked, key_of, messages_of
from .moments import Period, period_of
from .observed import UNKNOWN

AGENT = "open-webui"
SOURCE = "import:openwebui"
_DETAILS = re.compile(r'<details type="(\w+)"([^>]*)>(.*?)</details>\n?', re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_SUMMARY = re.compile(r"\s*<summary>.*?</summary>\s*", re.DOTALL)
# The finer rating that a thumb can be given, from 1.
_FINEST = 10


def read_openwebui(record: Record) -> Recorded:
    """A rated answer with all that was said before it, or a chat that nobody rated."""
    fields = record.fields
    rated = "snapshot" in fields
    meta, data = _object(fields.get("meta")), _object(fields.get("data"))
    chat = (
        _object(_object(_object(fields.get("snapshot")).get("chat")).get("chat"))
        if rated
        else _object(fields.get("chat"))
    )
    branch = _branch(chat, meta.get("message_id") if rated else None, record.where)
    system = _object(chat.get("params")).get("system") or chat.get("system")
    messages: list[Message] = (
        [{"role": "system", "content": system}] if isinstance(system, str) and system else []
    )
    for given in branch:
        messages += _turns(given, record.where)
    key, model = fields.get("id"), data.get("model_id") or branch[-1].get("model")
    return Recorded(
        key=key_of(record, key), agent=AGENT, tools=[],
        messages=messages_of(record._replace(fields={"messages": messages}), "messages"),
        model=str(model or UNKNOWN), user=str(fields.get("user_id") or ""),
        feedback=tuple(_feedback(data, record.where)) if rated else (),
        period=_period(branch, fields.get("created_at")),
    )  # fmt: skip


def _period(branch: list[dict[str, Any]], noted: object) -> Period:
    """When the messages were written; where none says so, when the chat or its rating was ``noted``."""
    written = period_of(message.get("timestamp") for message in branch)
    return period_of([noted]) if written.started is None else written


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _branch(chat: dict[str, Any], last: object, where: str) -> list[dict[str, Any]]:
    """The messages of a chat up to ``last``, else up to the one that is shown; a chat is a tree of retries."""
    history = _object(chat.get("history"))
    known = _object(history.get("messages"))
    listed = chat.get("messages")
    if not known and isinstance(listed, list):
        known = {str(each.get("id")): each for each in listed if isinstance(each, dict)}
    at = str(last if last is not None else history.get("currentId") or next(reversed(known), ""))
    branch: list[dict[str, Any]] = []
    while isinstance(message := known.get(at), dict) and len(branch) < len(known):
        branch.append(message)
        at = str(message.get("parentId") or "")
    if not branch:
        raise NoRunError(f"{where}: the chat has no message {at!r}.")
    return branch[::-1]


def _turns(given: dict[str, Any], where: str) -> Iterator[Message]:
    """A message of the chat as those that a model was given or wrote: an answer may hold calls and what they returned."""
    role, content = str(given.get("role")), given.get("content")
    if isinstance(content, list):
        yield {"role": role, "content": content}
        return
    if not isinstance(content, str):
        raise NoRunError(f"{where}: the content of a message is no text.")
    if role != "assistant":
        yield {"role": role, "content": content}
        return
    said, end = "", 0
    for found in _DETAILS.finditer(content):
        said += content[end : found.start()]
        end = found.end()
        if found[1] == "tool_calls":
            yield from _called(said.strip(), _attributes(found[2]), found[3])
            said = ""
        elif found[1] != "reasoning":
            said += found[0]
    yield {"role": role, "content": (said + content[end:]).strip()}


def _called(said: str, call: dict[str, str], inner: str) -> Iterator[Message]:
    """A tool call with what the model said before it, and what the tool returned."""
    function = {"name": call.get("name") or UNKNOWN, "arguments": _arguments(call.get("arguments", ""))}
    asked = {"id": call.get("id", ""), "type": "function", "function": function}
    yield {"role": "assistant", "content": said, "tool_calls": [asked]}
    result = call.get("result")
    returned = html.unescape(_SUMMARY.sub("", inner)).strip() if result is None else _unquoted(result)
    yield {"role": "tool", "tool_call_id": call.get("id", ""), "content": returned}


def _attributes(given: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(given)}


def _arguments(given: str) -> dict[str, Any]:
    """Arguments of a call, which may be JSON within JSON; none where they are no object."""
    value: object = given
    for _ in range(2):
        if isinstance(value, str):
            value = _unquoted_value(value)
    return _object(value)


def _unquoted(text: str) -> str:
    """What a tool returned: a JSON text without its quotes, all else as it is."""
    value = _unquoted_value(text)
    return value if isinstance(value, str) else text


def _unquoted_value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _feedback(data: dict[str, Any], where: str) -> Iterator[Feedback]:
    """A thumb, or the finer rating where one was given, and what was said with it."""
    thumb, finer = str(data.get("rating")), _object(data.get("details")).get("rating")
    if isinstance(finer, int | float) and not isinstance(finer, bool) and 1 <= finer <= _FINEST:
        yield Feedback("score", (finer - 1) / (_FINEST - 1), SOURCE)
    elif thumb in ("1", "-1"):
        yield Feedback("thumb", float(thumb == "1"), SOURCE)
    words = [str(data[name]) for name in ("reason", "comment") if data.get(name)]
    if words:
        yield checked(Feedback("comment", 1.0, SOURCE, text=": ".join(words)), where)
