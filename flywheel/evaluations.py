"""Evaluations from outside, ``gen_ai.evaluation.*``, with spans or as log events, as outcomes of their runs.

https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-events.md
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.names import DIRECT
from ..agents.tables import Run
from ..platform.database.base import now
from ..platform.database.conditions import one_of
from ..platform.database.connections import Connections
from ..platform.database.session import tenant_session
from ..platform.identity.tenants import list_tenants
from ..platform.telemetry import conventions as c
from ..platform.telemetry.otlp.joining import WAITS
from ..platform.telemetry.otlp.records import run_of
from ..platform.telemetry.record import SpanRecord
from ..platform.telemetry.tables import ErasedRun, Span
from .outcomes import Feedback
from .tables import Outcome, WaitingEvaluation

SOURCE = "evaluation"
_GOOD = frozenset(
    "pass passed correct relevant good true yes safe faithful grounded helpful success ok".split()
)
_BAD = frozenset(
    "fail failed incorrect not_relevant irrelevant bad false no unsafe unfaithful ungrounded unhelpful failure".split()
)
_MOST_NAME, _MOST_TEXT = 100, 10_000
_WAITING = "SELECT DISTINCT trace_id FROM waiting_evaluations WHERE tenant_id = %s AND trace_id = ANY(%s)"


class Evaluation(NamedTuple):
    """One evaluation of a span: ``number`` is its place among the span's own."""

    number: int
    name: str
    value: float | None
    label: str
    explanation: str


class Evaluations:
    """Records evaluations, once each, with one weight: those of stored spans, and those that came as log events.

    The latter are stored first and taken from there whenever their run is: whichever comes later finds the other.
    """

    def __init__(self, engine: AsyncEngine, connections: Connections, weight: float) -> None:
        self._engine, self._connections, self._weight = engine, connections, weight

    async def follow(self, records: list[SpanRecord]) -> None:
        """Record what the spans from outside among ``records`` were evaluated as; their runs are stored.

        So is what came before for any of the runs. A model that is asked directly has a run with a trace from the
        beginning on, which nothing waits for.
        """
        for record in records:
            evaluations = list(evaluations_of(record)) if c.SOURCE in record.attributes else []
            if evaluations:
                await self._record(record, evaluations)
        await self._settle([r for r in records if r.agent != DIRECT or c.SOURCE in r.attributes])

    async def take(self, events: list[SpanRecord]) -> None:
        """Store evaluations that came as log events, and record those whose runs are there."""
        for tenant_id, own in _by_tenant(events).items():
            async with tenant_session(self._engine, tenant_id) as session:
                await _store(session, tenant_id, own)
        await self._settle(events)

    async def _settle(self, records: list[SpanRecord]) -> None:
        """Record the stored evaluations of those runs that are there."""
        for tenant_id, own in _by_tenant(records).items():
            if traces := await self._waited_for(tenant_id, {each.trace_id for each in own}):
                async with tenant_session(self._engine, tenant_id) as session:
                    for waiting, run_id in await _matched(session, tenant_id, traces):
                        await self._record_waiting(session, waiting, run_id)

    async def _waited_for(self, tenant_id: uuid.UUID, traces: set[str]) -> set[str]:
        """Those of the traces that evaluations wait for: hardly ever any, so that is asked first."""
        async with self._connections.of_tenant(str(tenant_id)) as connection:
            cursor = await connection.execute(_WAITING, [tenant_id, list(traces)])
            return {trace_id for (trace_id,) in await cursor.fetchall()}

    async def _record_waiting(
        self, session: AsyncSession, waiting: WaitingEvaluation, run_id: uuid.UUID
    ) -> None:
        evaluation = _evaluation(0, waiting.attributes)
        if evaluation is not None:
            span_id = waiting.span_id or await _span_answering(session, run_id, waiting.attributes)
            await self._outcome(session, waiting.tenant_id, run_id, evaluation, span_id, waiting.id)
        await session.delete(waiting)

    async def _record(self, record: SpanRecord, evaluations: list[Evaluation]) -> None:
        tenant_id, run_id = uuid.UUID(record.tenant_id), uuid.UUID(record.run_id)
        async with tenant_session(self._engine, tenant_id) as session:
            # Locked, for it must not be erased meanwhile.
            if await session.get(Run, (tenant_id, run_id), with_for_update=True) is None:
                return
            for evaluation in evaluations:
                key = _key(run_id, record.span_id, evaluation.number)
                await self._outcome(session, tenant_id, run_id, evaluation, record.span_id, key)

    async def _outcome(
        self,
        session: AsyncSession,
        tenant_id: uuid.UUID,
        run_id: uuid.UUID,
        evaluation: Evaluation,
        span_id: str | None,
        key: uuid.UUID,
    ) -> None:
        """Store an outcome that may have been stored before; its text has passed the barrier with its span or event."""
        told = feedback_of(evaluation, self._weight, span_id)
        outcome = {
            "tenant_id": tenant_id, "id": key, "run_id": run_id, "span_id": span_id, "kind": told.kind,
            "value": told.value, "source": told.source, "weight": told.weight, "text": told.text,
            "details": {"label": evaluation.label, "score": evaluation.value},
        }  # fmt: skip
        await session.execute(insert(Outcome).on_conflict_do_nothing(), [outcome])


async def forget_waiting(engine: AsyncEngine) -> None:
    """Forget, in every tenant, the evaluations whose runs have not come for ``WAITS``."""
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            await session.execute(delete(WaitingEvaluation).where(WaitingEvaluation.came_at < now() - WAITS))


def _by_tenant(records: list[SpanRecord]) -> dict[uuid.UUID, list[SpanRecord]]:
    owned: dict[uuid.UUID, list[SpanRecord]] = defaultdict(list)
    for record in records:
        owned[uuid.UUID(record.tenant_id)].append(record)
    return owned


def _key(run_id: uuid.UUID, span_id: str, number: int) -> uuid.UUID:
    return uuid.uuid5(run_id, f"{span_id} {number}")


async def _store(session: AsyncSession, tenant_id: uuid.UUID, events: list[SpanRecord]) -> None:
    """Store evaluations but for those that are, and those of runs from outside that were erased."""
    rows = {_key(run := uuid.UUID(e.run_id), e.span_id, 0): (run, e) for e in events}
    among = select(ErasedRun.run_id).where(one_of(ErasedRun.run_id, {run for run, _ in rows.values()}))
    erased = set(await session.scalars(among))
    values = [
        {"tenant_id": tenant_id, "id": key, "trace_id": event.trace_id, "span_id": event.parent_span_id,
         "attributes": event.attributes}
        for key, (run, event) in rows.items() if run not in erased
    ]  # fmt: skip
    if values:
        await session.execute(insert(WaitingEvaluation).on_conflict_do_nothing(), values)


async def _matched(
    session: AsyncSession, tenant_id: uuid.UUID, traces: Iterable[str]
) -> list[tuple[WaitingEvaluation, uuid.UUID]]:
    """The evaluations that wait for any of the traces, each with its run; both are locked.

    Where a run of another program has the trace of one of Whorl's own, it is the other program's.
    """
    rows = await session.execute(
        select(WaitingEvaluation, Run.id)
        .join(Run, Run.trace_id == WaitingEvaluation.trace_id)
        .where(one_of(WaitingEvaluation.trace_id, traces))
        .order_by(WaitingEvaluation.id, Run.id)
        .with_for_update()
    )
    found: dict[uuid.UUID, tuple[WaitingEvaluation, uuid.UUID]] = {}
    for waiting, run_id in rows:
        if waiting.id not in found or run_id == run_of(tenant_id, waiting.trace_id):
            found[waiting.id] = (waiting, run_id)
    return list(found.values())


async def _span_answering(
    session: AsyncSession, run_id: uuid.UUID, attributes: Mapping[str, Any]
) -> str | None:
    """The span of a run that has the reply which an evaluation names."""
    reply = attributes.get(c.RESPONSE_ID)
    if not isinstance(reply, str) or not reply:
        return None
    named = select(Span.span_id).where(Span.run_id == run_id, Span.attributes[c.RESPONSE_ID].astext == reply)
    return await session.scalar(named.order_by(Span.start_ns).limit(1))


def evaluations_of(record: SpanRecord) -> Iterator[Evaluation]:
    """The evaluations of a span: its events, and its own attributes."""
    events = [event["attributes"] for event in record.events if event["name"] == c.EVALUATION_EVENT]
    for number, found in enumerate((record.attributes, *events)):
        evaluation = _evaluation(number, found)
        if evaluation is not None:
            yield evaluation


def _evaluation(number: int, found: Mapping[str, Any]) -> Evaluation | None:
    """What attributes say of an evaluation; None where they name none."""
    name = found.get(c.EVALUATION_NAME)
    if not isinstance(name, str) or not name.strip():
        return None
    label, explanation = found.get(c.EVALUATION_LABEL), found.get(c.EVALUATION_EXPLANATION)
    return Evaluation(
        number, name.strip()[:_MOST_NAME], _number(found.get(c.EVALUATION_VALUE)),
        label[:_MOST_NAME] if isinstance(label, str) else "",
        explanation[:_MOST_TEXT] if isinstance(explanation, str) else "",
    )  # fmt: skip


def feedback_of(evaluation: Evaluation, weight: float, span_id: str | None) -> Feedback:
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
