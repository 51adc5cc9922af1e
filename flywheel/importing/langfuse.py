"""Traces of Langfuse, one a line: ``id``, ``observations`` and ``scores``, as its API and SDKs return a trace.

https://api.reference.langfuse.com/ (trace with full details). Observations are read as spans are
(``platform/telemetry/otlp/readers``), whatever framework wrote them; the chat is that of the one that knows most of it.
"""

from typing import Any, NamedTuple

from ...platform.errors import InputError
from ...platform.lines import Record
from ...platform.telemetry.otlp.readers import read_span
from ...platform.telemetry.otlp.reading import Foreign, Reading
from ...platform.telemetry.otlp.values import parsed
from ..trajectory import chat_of, is_answered
from .base import Message, Reader, Recorded, key_of, messages_of

AGENT, UNKNOWN = "langfuse", "unknown"


class Observed(NamedTuple):
    """An observation as it was read, and the chat that it knows."""

    started: str
    reading: Reading
    chat: list[Message]


def langfuse_reader(score: str | None = None) -> Reader:
    """A reader that takes the score called ``score`` as the reward, or the only one that a trace has."""

    def read(record: Record) -> Recorded:
        observed = [_observed(each) for each in (record.fields, *_objects(record, "observations"))]
        best = max(observed, key=_wholeness)
        tools = next((each.reading.tools for each in (best, *observed) if each.reading.tools), [])
        models = [each.reading.response_model or each.reading.request_model for each in (best, *observed)]
        key = record.fields.get("id")
        return Recorded(
            key=key_of(record) if key is None else str(key), agent=str(record.fields.get("name") or AGENT),
            messages=messages_of(record._replace(fields={"messages": best.chat}), "messages"), tools=list(tools),
            reward=_reward(record, score), model=next((m for m in models if m not in ("", UNKNOWN)), UNKNOWN),
        )  # fmt: skip

    return read


def _observed(given: dict[str, Any]) -> Observed:
    """An observation, or the trace itself, as a span with Langfuse's attributes beside its own."""
    metadata = parsed(given.get("metadata"))
    own = parsed(metadata.get("attributes")) if isinstance(metadata, dict) else None
    attributes = {
        **(own if isinstance(own, dict) else {}),
        "langfuse.observation.type": str(given.get("type") or "").lower(),
        "langfuse.observation.input": given.get("input"), "langfuse.observation.output": given.get("output"),
        "langfuse.observation.model.name": given.get("model") or "",
    }  # fmt: skip
    root = not given.get("parentObservationId")
    reading = read_span(Foreign(str(given.get("name") or ""), attributes, root=root))
    return Observed(
        str(given.get("startTime") or ""), reading, chat_of(list(reading.input), list(reading.output))
    )


def _wholeness(observed: Observed) -> tuple[bool, int, bool, str]:
    is_call = observed.reading.operation == "chat"
    return is_answered(observed.chat), len(observed.chat), is_call, observed.started


def _objects(record: Record, field: str) -> list[dict[str, Any]]:
    given = record.fields.get(field) or []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise InputError(f"{record.where}: {field!r} is not a list of objects.")
    return given


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
