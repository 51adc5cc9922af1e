"""Runs of other programs: what the spans of a trace from outside say of the run that they are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import now
from ..platform.database.connections import Connections, take_turns_of
from ..platform.database.recordset import recordset
from ..platform.identity.tenants import list_tenants
from ..platform.portions import portions
from ..platform.storable import dump_json, json_text
from ..platform.telemetry import conventions as c
from ..platform.telemetry.otlp.joining import join_messages, keep_messages
from ..platform.telemetry.otlp.records import SOURCE
from ..platform.telemetry.record import SpanRecord
from ..platform.usage.prices import Prices
from .captured_steps import Step, steps_of, stored_steps
from .names import CAPTURED_TAG
from .tables import Run

CLOSE_JOB, CLOSE_CLOCK = "close_silent", "* * * * *"
UNKNOWN = "unknown"
NO_AGENT = "external"
# Few enough that no transaction is long.
_AT_ONCE = 200
# A trace whose root does not come is over when nothing has happened in it for so long.
SILENCE = timedelta(minutes=10)
_FIRST = ("tenant_id", "id", "trace_id", "stop_reason")
# Of a row that is there already these are written anew.
_AGAIN = (
    "agent", "model", "user_id", "conversation_id", "steps", "input_tokens", "output_tokens", "cost", "started_at",
    "ended_at", "status", "error", "tags", "screened_at",
)  # fmt: skip
_NAMES, _ROWS = recordset(Run.__table__, (*_FIRST, *_AGAIN))
_WRITE = f"""
INSERT INTO runs ({_NAMES}) SELECT {_NAMES} FROM {_ROWS}
ON CONFLICT (tenant_id, id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _AGAIN)}
"""
# Runs that have a row, and those that must have none.
_KNOWN = """
SELECT id FROM runs WHERE tenant_id = %s AND id = ANY(%s::uuid[])
UNION ALL SELECT run_id FROM erased_runs WHERE tenant_id = %s AND run_id = ANY(%s::uuid[])
"""
_SILENT = """
SELECT id::text FROM runs WHERE tenant_id = %s AND status = 'running' AND tags @> %s::jsonb AND ended_at < %s
"""


class CapturedRuns:
    """Writes the runs of traces from outside anew whenever spans of theirs have been stored."""

    def __init__(self, connections: Connections, prices: Prices) -> None:
        self._connections, self._prices = connections, prices

    async def follow(self, records: list[SpanRecord]) -> None:
        """Bring the runs of stored spans up to date; spans that Whorl captured itself are passed over."""
        for tenant_id, some in _by_run(
            [record for record in records if record.attributes.get(c.SOURCE) == SOURCE]
        ):
            async with self._connections.of_tenant(tenant_id) as connection:
                await refresh(connection, tenant_id, some, self._prices)

    async def take(self, events: list[SpanRecord]) -> None:
        """Store messages that came as log events, and bring the runs up to date whose spans are there."""
        for tenant_id, some in _by_run(events):
            async with self._connections.of_tenant(tenant_id) as connection:
                await keep_messages(connection, [event for told in some.values() for event in told])
                await _take_turns(connection, some)
                if joined := await join_messages(connection, tenant_id, list(some)):
                    await _write(connection, tenant_id, {run_id: [] for run_id in joined}, self._prices)


def _by_run(records: list[SpanRecord]) -> Iterator[tuple[str, dict[str, list[SpanRecord]]]]:
    """The records of each run, so many runs of a tenant at a time as are written together."""
    touched: dict[str, dict[str, list[SpanRecord]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record.run_id:
            touched[record.tenant_id][record.run_id].append(record)
    for tenant_id, runs in touched.items():
        for some in portions(sorted(runs.items()), _AT_ONCE):
            yield tenant_id, dict(some)


async def close_silent(engine: AsyncEngine, connections: Connections, prices: Prices) -> None:
    """End the runs whose root has not come and in which nothing has happened for long, in every tenant."""
    for tenant in await list_tenants(engine):
        tenant_id = str(tenant.id)
        async with connections.of_tenant(tenant_id) as connection:
            found = await connection.execute(_SILENT, [tenant_id, json_text([CAPTURED_TAG]), now() - SILENCE])
            runs = [run_id for (run_id,) in await found.fetchall()]
        for some in portions(runs, _AT_ONCE):
            async with connections.of_tenant(tenant_id) as connection:
                await refresh(connection, tenant_id, {run_id: [] for run_id in some}, prices)


async def refresh(
    connection: AsyncConnection[Any], tenant_id: str, told: dict[str, list[SpanRecord]], prices: Prices
) -> None:
    """Write runs, by id, as their stored spans have them, with the messages that wait for these; several processes take turns.

    ``told`` are spans of theirs that have been stored just now. Of a run that has no row yet they are all that is known:
    whoever stored others has not come to it, and will.
    """
    await _take_turns(connection, told)
    joined = await join_messages(connection, tenant_id, list(told))
    await _write(
        connection, tenant_id, {run: [] if run in joined else spans for run, spans in told.items()}, prices
    )


async def _take_turns(connection: AsyncConnection[Any], run_ids: Iterable[str]) -> None:
    await take_turns_of(connection, [f"captured {run_id}" for run_id in sorted(run_ids)])


async def _write(
    connection: AsyncConnection[Any], tenant_id: str, told: dict[str, list[SpanRecord]], prices: Prices
) -> None:
    ids = list(told)
    cursor = await connection.execute(_KNOWN, [tenant_id, ids, tenant_id, ids])
    known = {str(run_id) for (run_id,) in await cursor.fetchall()}
    steps = {
        run_id: steps_of(spans) for run_id, spans in told.items() if run_id not in known and _all_new(spans)
    }
    if rest := [run_id for run_id in ids if run_id not in steps]:
        steps |= await stored_steps(connection, tenant_id, rest)
    if rows := [_row(tenant_id, run_id, found, prices) for run_id, found in steps.items()]:
        await connection.execute(_WRITE, [dump_json(rows).decode()])


def _row(tenant_id: str, run_id: str, steps: Sequence[Step], prices: Prices) -> dict[str, Any]:
    """A run's row, from its steps, which are in the order they began."""
    known = {step.span_id for step in steps}
    root = next((step for step in steps if step.parent_span_id is None), None)
    top = root or next((step for step in steps if step.parent_span_id not in known), steps[0])
    calls = [step for step in steps if step.operation == "chat"]
    counted = calls if any(step.input_tokens or step.output_tokens for step in calls) else [top]
    model = _model(calls or steps)
    ended_at = _moment(max(step.end_ns for step in steps))
    over = root is not None or ended_at < now() - SILENCE
    status = "running" if not over else "failed" if top.status == "error" else "succeeded"
    service = next((step.service for step in (top, *steps) if step.service), None)
    return {
        "tenant_id": tenant_id, "id": run_id, "trace_id": top.trace_id, "stop_reason": CAPTURED_TAG,
        "agent": _agent(top, steps), "model": model, "user_id": next((s.user_id for s in steps if s.user_id), None),
        "conversation_id": next((s.session for s in steps if s.session), None), "steps": len(calls),
        "input_tokens": sum(step.input_tokens for step in counted),
        "output_tokens": sum(step.output_tokens for step in counted), "cost": _cost(counted, model, prices),
        "started_at": _moment(min(step.start_ns for step in steps)).isoformat(), "ended_at": ended_at.isoformat(),
        "status": status, "error": "the program failed" if status == "failed" else None,
        "tags": [CAPTURED_TAG, f"{CAPTURED_TAG}:{steps[0].source}", *([f"service:{service}"] if service else [])],
    }  # fmt: skip


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


def _cost(steps: Sequence[Step], model: str, prices: Prices) -> str | None:
    """Dollars for the tokens of steps; None where any has a model without a price, or none has tokens.

    ``model`` is that of steps that name none.
    """
    costs = [
        prices.of(step.requested or model, step.model).of(step.input_tokens, step.output_tokens)
        for step in steps
        if step.input_tokens or step.output_tokens
    ]
    known = [Decimal(str(cost)) for cost in costs if cost is not None]
    return str(sum(known, Decimal())) if known and len(known) == len(costs) else None


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _all_new(spans: list[SpanRecord]) -> bool:
    """Whether each of these spans is one of the store's: it keeps the first of those that have the same id."""
    return len({span.span_id for span in spans}) == len(spans) > 0
