"""Traces of Langfuse, one a line: ``id``, ``observations`` and ``scores``, as its API and SDKs return a trace.

https://api.reference.langfuse.com/ (trace with full details). Observations are read as spans are
(``platform/telemetry/otlp/readers``), whatever framework wrote them; the chat is that of the one that knows most of it.
"""

from typing import Any

from ...platform.lines import Record
from ...platform.telemetry.otlp.reading import Foreign
from ...platform.telemetry.otlp.values import parsed
from .base import Reader, Recorded, key_of, messages_of, objects, scored
from .observed import Observed, Scores, judged, observe, whole

AGENT = SOURCE = "langfuse"


def langfuse_reader(score: str | None = None) -> Reader:
    """A reader that takes the score called ``score`` as the reward, or the only one that a trace has."""

    def read(record: Record) -> Recorded:
        record = _unwrapped(record)
        given = record.fields.get("observations")
        # Of traces in a list the API tells the ids of their observations alone.
        told = isinstance(given, list) and all(isinstance(each, str) for each in given)
        observations = [] if told else objects(given, "observations", record.where)
        observed = [_observed(each) for each in (record.fields, *observations)]
        found = whole(observed)
        key = record.fields.get("id")
        return Recorded(
            key=key_of(record, key), agent=str(record.fields.get("name") or AGENT),
            messages=messages_of(record._replace(fields={"messages": found.chat}), "messages"), tools=found.tools,
            model=found.model, user=str(record.fields.get("userId") or found.user),
            period=found.period, input_tokens=found.input_tokens, output_tokens=found.output_tokens,
            spans=_tree(observed, found.best), best=found.best, **scored(_scores(record, score)),
        )  # fmt: skip

    return read


def _unwrapped(record: Record) -> Record:
    """A trace that stands beside its observations, as some exports have it, as one that has them."""
    trace = record.fields.get("trace")
    if not isinstance(trace, dict):
        return record
    beside = {name: value for name, value in record.fields.items() if name != "trace"}
    return record._replace(fields={**trace, **beside})


def _observed(given: dict[str, Any]) -> Observed:
    """An observation, or the trace itself, as a span with Langfuse's attributes beside its own."""
    metadata = parsed(given.get("metadata"))
    own = parsed(metadata.get("attributes")) if isinstance(metadata, dict) else None
    attributes = {
        **(own if isinstance(own, dict) else {}),
        "langfuse.observation.type": str(given.get("type") or "").lower(),
        "langfuse.observation.input": given.get("input"), "langfuse.observation.output": given.get("output"),
        "langfuse.observation.model.name": given.get("model") or "",
        "langfuse.observation.usage_details": given.get("usageDetails") or given.get("usage"),
    }  # fmt: skip
    foreign = Foreign(str(given.get("name") or ""), attributes, root=not given.get("parentObservationId"))
    started, ended = (str(given.get(name) or "") for name in ("startTime", "endTime"))
    fault = str(given.get("statusMessage") or "") if given.get("level") == "ERROR" else None
    # Of a trace itself there is only when it began.
    return observe(
        foreign, started, ended or str(given.get("timestamp") or ""), id=str(given.get("id") or ""),
        parent=str(given.get("parentObservationId") or ""), fault=fault,
    )  # fmt: skip


def _tree(observed: list[Observed], best: Observed) -> tuple[Observed, ...]:
    """The observations of a trace; above them the trace itself, where it alone has the chat."""
    trace, *below = observed
    return tuple(below) if best is not trace or not below else tuple(observed)


def _scores(record: Record, name: str | None) -> Scores:
    scores = [
        (str(score.get("name")), score.get("value"))
        for score in objects(record.fields.get("scores"), "scores", record.where)
        if score.get("dataType") != "CATEGORICAL"
    ]
    return judged(scores, name, SOURCE)
