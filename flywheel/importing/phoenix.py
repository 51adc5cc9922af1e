"""Spans of Arize Phoenix, in lines: as its REST API and its client return them, or as rows of its data frame.

``GET /v1/projects/{project}/spans``, whole pages too, and ``…/span_annotations``, as the ``/openapi.json`` of Phoenix 20.26
has them. Spans of a trace may lie anywhere in the file; a trace is a run. Spans are read as those that arrive by
OTLP are; annotations with a score say how good a run was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ...platform.errors import InputError
from ...platform.lines import Record
from ...platform.telemetry.otlp.reading import Foreign
from ..spool import Spool
from ..trajectory import is_answered
from .base import NoRunError, Recorded, Runs, messages_of, objects, paged, scored
from .observed import Observed, judged, observe, whole

AGENT = SOURCE = "phoenix"
_COLUMN = "attributes."
# Deeper than any attribute of a convention lies.
_DEEPEST = 20


class _Span(NamedTuple):
    """A span as its line has it; ``where`` names the line."""

    trace_id: str
    span_id: str
    name: str
    root: bool
    fields: dict[str, Any]
    where: str


class PhoenixRuns(Runs):
    """The runs of a file of spans; left out are the traces in which nobody was answered."""

    called = "traces in which no assistant answers a user"

    def __init__(self, records: Iterable[Record], score: str | None = None) -> None:
        super().__init__()
        self._records, self._score = records, score
        self._scores: defaultdict[str, list[tuple[str, object]]] = defaultdict(list)

    def __iter__(self) -> Iterator[Recorded]:
        with Spool[_Span]() as spool:
            for fields, where, _ in (each for page in self._records for each in paged(page)):
                if "result" in fields:
                    self._annotate(fields, where)
                else:
                    span = _span(fields, where)
                    for annotation in objects(fields.get("annotations"), "annotations", where):
                        self._annotate({"span_id": span.span_id, **annotation}, where)
                    spool.add(span)
            for spans in spool.groups(lambda span: span.trace_id):
                try:
                    run = self._run(spans)
                except NoRunError as error:
                    self.leave_out(error.message)
                else:
                    yield run

    def _annotate(self, fields: dict[str, Any], where: str) -> None:
        """Note the score of a span or a trace; what has a label alone says nothing in numbers."""
        result = fields["result"] if isinstance(fields.get("result"), dict) else {}
        of = fields.get("span_id") or fields.get("trace_id")
        if not isinstance(of, str):
            raise InputError(f"{where}: an annotation names neither a span nor a trace.")
        if result.get("score") is not None:
            self._scores[of].append((str(fields.get("name")), result["score"]))

    def _run(self, spans: list[_Span]) -> Recorded:
        observed = tuple(_observed(span) for span in spans)
        found = whole(observed)
        first = min(spans, key=lambda span: (not span.root, _started(span)))
        if not is_answered(found.chat):
            raise NoRunError(f"{first.where}: no assistant answers a user.")
        scores = [
            score
            for of in (*(s.span_id for s in spans), first.trace_id)
            for score in self._scores.get(of, ())
        ]
        return Recorded(
            key=first.trace_id, agent=first.name or AGENT,
            messages=messages_of(Record({"messages": found.chat}, first.where), "messages"), tools=found.tools,
            model=found.model, user=found.user,
            period=found.period, input_tokens=found.input_tokens, output_tokens=found.output_tokens,
            spans=observed, best=found.best, **scored(judged(scores, self._score, SOURCE)),
        )  # fmt: skip


def _span(fields: dict[str, Any], where: str) -> _Span:
    given = fields.get("context")
    context = given if isinstance(given, dict) else {}
    trace_id, span_id = (
        context.get(name) or fields.get(f"context.{name}") for name in ("trace_id", "span_id")
    )
    if not isinstance(trace_id, str) or not isinstance(span_id, str):
        raise InputError(f"{where}: neither a span with its context, nor an annotation with its result.")
    return _Span(trace_id, span_id, str(fields.get("name") or ""), not fields.get("parent_id"), fields, where)


def _observed(span: _Span) -> Observed:
    own = span.fields.get("attributes", {})
    if not isinstance(own, dict):
        raise InputError(f"{span.where}: 'attributes' is not an object.")
    columns = {n.removeprefix(_COLUMN): v for n, v in span.fields.items() if n.startswith(_COLUMN)}
    attributes = {"openinference.span.kind": span.fields.get("span_kind"), **_flat({**columns, **own})}
    events = tuple(
        (str(event.get("name")), _flat(event.get("attributes") or {}))
        for event in objects(span.fields.get("events"), "events", span.where)
    )
    fault = (
        str(span.fields.get("status_message") or "") if span.fields.get("status_code") == "ERROR" else None
    )
    return observe(
        Foreign(span.name, attributes, events, span.root), _started(span), str(span.fields.get("end_time") or ""),
        id=span.span_id, parent=str(span.fields.get("parent_id") or ""), fault=fault,
    )  # fmt: skip


def _started(span: _Span) -> str:
    return str(span.fields.get("start_time") or "")


def _flat(attributes: object, depth: int = 0) -> dict[str, Any]:
    """Attributes as OpenTelemetry has them: objects within lists and objects become longer names; nulls go.

    >>> _flat({"llm.input_messages": [{"message.role": "user"}], "n": [1], "gone": None})
    {'llm.input_messages.0.message.role': 'user', 'n': [1]}
    """
    found: dict[str, Any] = {}
    for name, value in attributes.items() if isinstance(attributes, dict) else ():
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            value = {str(at): each for at, each in enumerate(value)}
        if isinstance(value, dict) and depth < _DEEPEST:
            found |= {f"{name}.{below}": deep for below, deep in _flat(value, depth + 1).items()}
        elif value is not None:
            found[name] = value
    return found
