"""Evaluations that come with spans from outside, ``gen_ai.evaluation.*``, as outcomes of their runs.

https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-events.md
"""

import math
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.tables import Run
from ..platform.database.session import tenant_session
from ..platform.telemetry import conventions as c
from ..platform.telemetry.record import SpanRecord
from ..platform.telemetry.redaction.redactor import Redactor
from .outcomes import Feedback, record_outcome

SOURCE = "evaluation"
_GOOD = frozenset(
    "pass passed correct relevant good true yes safe faithful grounded helpful success ok".split()
)
_BAD = frozenset(
    "fail failed incorrect not_relevant irrelevant bad false no unsafe unfaithful ungrounded unhelpful failure".split()
)
_MOST_NAME, _MOST_TEXT = 100, 10_000


class Evaluation(NamedTuple):
    """One evaluation of a span: ``number`` is its place among the span's own."""

    number: int
    name: str
    value: float | None
    label: str
    explanation: str


class Evaluations:
    """Records the evaluations of stored spans, once each, with one weight."""

    def __init__(self, engine: AsyncEngine, redactor: Redactor, weight: float) -> None:
        self._engine, self._redactor, self._weight = engine, redactor, weight

    async def follow(self, records: list[SpanRecord]) -> None:
        """Record what the spans from outside among ``records`` were evaluated as; their runs are stored."""
        for record in records:
            evaluations = list(evaluations_of(record)) if c.SOURCE in record.attributes else []
            if evaluations:
                await self._record(record, evaluations)

    async def _record(self, record: SpanRecord, evaluations: list[Evaluation]) -> None:
        tenant_id, run_id = uuid.UUID(record.tenant_id), uuid.UUID(record.run_id)
        async with tenant_session(self._engine, tenant_id) as session:
            # Locked, for two may tell of the same spans at once.
            if await session.get(Run, (tenant_id, run_id), with_for_update=True) is None:
                return
            for evaluation in evaluations:
                feedback = feedback_of(evaluation, self._weight, record.span_id)
                key = uuid.uuid5(run_id, f"{record.span_id} {evaluation.number}")
                details = {"label": evaluation.label, "score": evaluation.value}
                await record_outcome(
                    session, tenant_id, run_id, feedback, self._redactor, details, outcome_id=key
                )


def evaluations_of(record: SpanRecord) -> Iterator[Evaluation]:
    """The evaluations of a span: its events, and its own attributes."""
    events = [event["attributes"] for event in record.events if event["name"] == c.EVALUATION_EVENT]
    for number, found in enumerate((record.attributes, *events)):
        name = found.get(c.EVALUATION_NAME)
        if not isinstance(name, str) or not name.strip():
            continue
        label, explanation = found.get(c.EVALUATION_LABEL), found.get(c.EVALUATION_EXPLANATION)
        yield Evaluation(
            number, name.strip()[:_MOST_NAME], _number(found.get(c.EVALUATION_VALUE)),
            label[:_MOST_NAME] if isinstance(label, str) else "",
            explanation[:_MOST_TEXT] if isinstance(explanation, str) else "",
        )  # fmt: skip


def feedback_of(evaluation: Evaluation, weight: float, span_id: str) -> Feedback:
    """An evaluation as an outcome.

    A score from 0 to 1 is one, unless its label says the opposite; of another scale only the label is
    understood, and without a known one the evaluation is kept as a comment that decides nothing.

    >>> feedback_of(Evaluation(0, "Relevance", 4.0, "relevant", ""), 0.25, "a").value
    1.0
    """
    source, text = f"{SOURCE}:{evaluation.name}", evaluation.explanation or None
    value = _value(evaluation)
    if value is not None:
        return Feedback("score", value, source, weight, text, span_id)
    said = ": ".join(filter(None, (evaluation.label, evaluation.explanation)))
    score = "" if evaluation.value is None else f"{evaluation.value:g} "
    return Feedback("comment", 0.0, source, 0.0, f"{score}{said}".strip() or evaluation.name, span_id)


def _value(evaluation: Evaluation) -> float | None:
    label = evaluation.label.strip().lower().replace(" ", "_")
    told = 1.0 if label in _GOOD else 0.0 if label in _BAD else None
    if evaluation.value is None or not 0 <= evaluation.value <= 1:
        return told
    if told is not None and (evaluation.value >= 0.5) != (told >= 0.5):
        return told
    return evaluation.value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
