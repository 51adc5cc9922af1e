"""Traces of Langfuse, one a line: ``id``, ``observations`` and ``scores``, as its API and SDKs return a trace.

https://api.reference.langfuse.com/ (trace with full details). The chat is that of the last
generation: its input holds every message before, its output the answer.
"""

from typing import Any

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Reader, Recorded, key_of, messages_of

AGENT = "langfuse"


def langfuse_reader(score: str | None = None) -> Reader:
    """A reader that takes the score called ``score`` as the reward, or the only one that a trace has."""

    def read(record: Record) -> Recorded:
        last = _last_generation(record)
        given = last.get("input") if last else record.fields.get("input")
        said = last.get("output") if last else record.fields.get("output")
        wrapped = given if isinstance(given, dict) and "messages" in given else {"messages": given}
        messages = [*_messages(wrapped["messages"], "user"), *_messages(said, "assistant")]
        tools = wrapped.get("tools") or []
        if not isinstance(tools, list):
            raise InputError(f"{record.where}: 'tools' is not a list.")
        key = record.fields.get("id")
        return Recorded(
            key=key_of(record) if key is None else str(key), agent=str(record.fields.get("name") or AGENT),
            messages=messages_of(record._replace(fields={"messages": messages}), "messages"), tools=tools,
            reward=_reward(record, score), model=str((last or {}).get("model") or "unknown"),
        )  # fmt: skip

    return read


def _last_generation(record: Record) -> dict[str, Any] | None:
    generations = [
        o for o in _objects(record, "observations") if o.get("type") == "GENERATION" and o.get("output")
    ]
    return max(generations, key=lambda o: str(o.get("startTime") or ""), default=None)


def _objects(record: Record, field: str) -> list[dict[str, Any]]:
    given = record.fields.get(field) or []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise InputError(f"{record.where}: {field!r} is not a list of objects.")
    return given


def _messages(given: object, role: str) -> list[Any]:
    """Messages as they are; a text, or an object that is no message, as one message of ``role``."""
    if isinstance(given, list):
        return given
    if isinstance(given, dict) and "role" in given:
        return [given]
    if isinstance(given, dict):
        return [{"role": role, **given}]
    return [] if given is None else [{"role": role, "content": str(given)}]


def _reward(record: Record, name: str | None) -> float | None:
    scores = [s for s in _objects(record, "scores") if s.get("dataType") != "CATEGORICAL"]
    chosen = [s for s in scores if name is None or s.get("name") == name]
    if not chosen:
        return None
    names = sorted({str(s.get("name")) for s in chosen})
    if len(names) > 1:
        raise InputError(
            f"{record.where}: the trace has several scores, {', '.join(names)}. Say which with --score."
        )
    value = chosen[-1].get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"{record.where}: the score {names[0]!r} is {value!r}, not a number from 0 to 1.")
    return float(value)
