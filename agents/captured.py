"""Runs of other programs: what the spans of a trace from outside say of the run that they are."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.base import now
from ..platform.database.conditions import one_of
from ..platform.database.session import take_turns, tenant_session
from ..platform.identity.tenants import list_tenants
from ..platform.portions import portions
from ..platform.telemetry import conventions as c
from ..platform.telemetry.record import SpanRecord
from ..platform.telemetry.tables import Span
from ..platform.usage.prices import Prices
from .names import CAPTURED_TAG
from .tables import Run

CLOSE_JOB, CLOSE_CLOCK = "close_silent", "* * * * *"
UNKNOWN = "unknown"
NO_AGENT = "external"
# Few enough that no transaction is long.
_AT_ONCE = 200
# A trace whose root does not come is over when nothing has happened in it for so long.
SILENCE = timedelta(minutes=10)


class Step(NamedTuple):
    """A span as far as its run needs it; ``model`` is the one that answered, where the span says, else ``requested``."""

    span_id: str
    parent_span_id: str | None
    operation: str
    start_ns: int
    end_ns: int
    status: str
    user_id: uuid.UUID | None
    agent: str | None
    service: str | None
    model: str | None
    requested: str | None
    session: str | None
    source: str
    input_tokens: int
    output_tokens: int
    characters: int


class CapturedRuns:
    """Writes the runs of traces from outside anew whenever spans of theirs have been stored."""

    def __init__(self, engine: AsyncEngine, prices: Prices) -> None:
        self._engine, self._prices = engine, prices

    async def follow(self, records: list[SpanRecord]) -> None:
        """Bring the runs of stored spans up to date; spans that Whorl captured itself are passed over."""
        touched: dict[str, dict[uuid.UUID, str]] = defaultdict(dict)
        for record in records:
            if c.SOURCE in record.attributes and record.run_id:
                touched[record.tenant_id][uuid.UUID(record.run_id)] = record.trace_id
        for tenant_id, runs in touched.items():
            for some in portions(sorted(runs.items()), _AT_ONCE):
                async with tenant_session(self._engine, uuid.UUID(tenant_id)) as session:
                    await refresh(session, uuid.UUID(tenant_id), dict(some), self._prices)


async def close_silent(engine: AsyncEngine, prices: Prices) -> None:
    """End the runs whose root has not come and in which nothing has happened for long, in every tenant."""
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            waiting = select(Run).where(
                Run.status == "running", Run.tags.contains([CAPTURED_TAG]), Run.ended_at < now() - SILENCE
            )
            for run in list(await session.scalars(waiting)):
                await refresh(session, tenant.id, {run.id: run.trace_id}, prices)


async def refresh(
    session: AsyncSession, tenant_id: uuid.UUID, traces: dict[uuid.UUID, str], prices: Prices
) -> None:
    """Write runs, by id with their traces, as their stored spans have them; several processes take turns."""
    await take_turns(session, *(f"captured {run_id}" for run_id in sorted(traces)))
    known = {run.id: run for run in await session.scalars(select(Run).where(one_of(Run.id, traces)))}
    for run_id, steps in (await _steps(session, list(traces))).items():
        run = known.get(run_id)
        if run is None:
            run = Run(
                tenant_id=tenant_id, id=run_id, trace_id=traces[run_id], stop_reason=CAPTURED_TAG, adapter=None
            )  # fmt: skip
            session.add(run)
        describe(run, steps, prices)


def describe(run: Run, steps: Sequence[Step], prices: Prices) -> None:
    """Fill a run from its steps, which are in the order they began."""
    known = {step.span_id for step in steps}
    root = next((step for step in steps if step.parent_span_id is None), None)
    top = root or next((step for step in steps if step.parent_span_id not in known), steps[0])
    calls = [step for step in steps if step.operation == "chat"]
    run.agent = _agent(top, steps)
    run.model = _model(calls or steps)
    run.user_id = next((step.user_id for step in steps if step.user_id), None)
    session = next((step.session for step in steps if step.session), None)
    run.conversation_id = uuid.UUID(session) if session else None
    run.steps = len(calls)
    counted = calls if any(step.input_tokens or step.output_tokens for step in calls) else [top]
    run.input_tokens = sum(step.input_tokens for step in counted)
    run.output_tokens = sum(step.output_tokens for step in counted)
    run.cost = _cost(counted, run.model, prices)
    run.started_at = _moment(min(step.start_ns for step in steps))
    run.ended_at = _moment(max(step.end_ns for step in steps))
    over = root is not None or run.ended_at < now() - SILENCE
    run.status = "running" if not over else "failed" if top.status == "error" else "succeeded"
    run.error = "the program failed" if run.status == "failed" else None
    run.screened_at = None
    service = next((step.service for step in (top, *steps) if step.service), None)
    source = f"{CAPTURED_TAG}:{steps[0].source}"
    run.tags = [CAPTURED_TAG, source, *([f"service:{service}"] if service else [])]


def _agent(top: Step, steps: Sequence[Step]) -> str:
    """The agent that the topmost span names, else the first that any does, else the service."""
    named = next((step.agent for step in (top, *steps) if step.agent), None)
    service = next((step.service for step in (top, *steps) if step.service), None)
    if service and service.startswith("unknown_service"):
        service = None
    return named or service or NO_AGENT


def _model(steps: Sequence[Step]) -> str:
    """The model of the call that was given most to read."""
    named = [step for step in steps if step.model]
    longest = max(named, key=lambda step: (step.characters, step.start_ns), default=None)
    return longest.model or UNKNOWN if longest else UNKNOWN


def _cost(steps: Sequence[Step], model: str, prices: Prices) -> Decimal | None:
    """Dollars for the tokens of steps; None where any has a model without a price, or none has tokens.

    ``model`` is that of steps that name none.
    """
    costs = [
        prices.of(step.requested or model, step.model).of(step.input_tokens, step.output_tokens)
        for step in steps
        if step.input_tokens or step.output_tokens
    ]
    known = [Decimal(str(cost)) for cost in costs if cost is not None]
    return sum(known, Decimal()) if known and len(known) == len(costs) else None


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


async def _steps(session: AsyncSession, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Step]]:
    """The steps of each run that has any, in the order they began."""
    said = Span.attributes
    rows = await session.execute(
        select(
            Span.run_id, Span.span_id, Span.parent_span_id, Span.operation, Span.start_ns, Span.end_ns, Span.status,
            Span.user_id, said[c.AGENT_NAME].astext, said[c.SERVICE_NAME].astext,
            func.coalesce(said[c.RESPONSE_MODEL].astext, said[c.REQUEST_MODEL].astext),
            said[c.REQUEST_MODEL].astext, said[c.SESSION].astext, said[c.SOURCE].astext,
            _count(c.INPUT_TOKENS), _count(c.OUTPUT_TOKENS),
            func.length(func.coalesce(said[c.INPUT_MESSAGES].astext, "")),
        )
        .where(one_of(Span.run_id, run_ids), said.has_key(c.SOURCE))
        .order_by(Span.start_ns, Span.end_ns.desc(), Span.span_id)
    )  # fmt: skip
    steps: dict[uuid.UUID, list[Step]] = defaultdict(list)
    for run_id, *values in rows:
        steps[run_id].append(Step(*values))
    return steps


def _count(name: str) -> ColumnElement[Any]:
    """A count of tokens, 0 where it is none."""
    return func.coalesce(cast(func.substring(Span.attributes[name].astext, "^[0-9]{1,15}$"), BigInteger), 0)
