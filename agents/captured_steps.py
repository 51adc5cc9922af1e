"""Steps of other programs' runs: spans of theirs as far as the run's row needs them, just told or as the store has them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from psycopg import AsyncConnection

from ..platform.storable import json_text
from ..platform.telemetry import conventions as c
from ..platform.telemetry.record import SpanRecord

_COUNT = "[0-9]{1,15}"


def _counted(name: str) -> str:
    return f"coalesce(substring(attributes ->> '{name}' from '^{_COUNT}$')::bigint, 0)"


_STORED = f"""
SELECT run_id::text, trace_id, span_id, parent_span_id, operation, start_ns, end_ns, status, user_id::text,
    attributes ->> '{c.AGENT_NAME}', attributes ->> '{c.SERVICE_NAME}',
    coalesce(attributes ->> '{c.RESPONSE_MODEL}', attributes ->> '{c.REQUEST_MODEL}'), attributes ->> '{c.REQUEST_MODEL}',
    attributes ->> '{c.SESSION}', attributes ->> '{c.SOURCE}', {_counted(c.INPUT_TOKENS)}, {_counted(c.OUTPUT_TOKENS)},
    length(coalesce(attributes ->> '{c.INPUT_MESSAGES}', ''))
FROM spans WHERE tenant_id = %s AND run_id = ANY(%s::uuid[]) AND attributes ? '{c.SOURCE}'
ORDER BY start_ns, end_ns DESC, span_id
"""


class Step(NamedTuple):
    """A span as far as its run needs it; ``model`` is the one that answered, where the span says, else ``requested``."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    operation: str
    start_ns: int
    end_ns: int
    status: str
    user_id: str | None
    agent: str | None
    service: str | None
    model: str | None
    requested: str | None
    session: str | None
    source: str
    input_tokens: int
    output_tokens: int
    characters: int


async def stored_steps(
    connection: AsyncConnection[Any], tenant_id: str, run_ids: list[str]
) -> dict[str, list[Step]]:
    """The stored steps of each run that has any, in the order they began."""
    steps: dict[str, list[Step]] = defaultdict(list)
    cursor = await connection.execute(_STORED, [tenant_id, run_ids])
    for run_id, *values in await cursor.fetchall():
        steps[run_id].append(Step(*values))
    return steps


def steps_of(spans: Iterable[SpanRecord]) -> list[Step]:
    """Spans as the steps that the store has of them, in the order they began."""
    return sorted(map(_step, spans), key=lambda step: (step.start_ns, -step.end_ns, step.span_id))


def _step(span: SpanRecord) -> Step:
    said = span.attributes
    requested = _text(said.get(c.REQUEST_MODEL))
    answered = _text(said.get(c.RESPONSE_MODEL))
    return Step(
        span.trace_id, span.span_id, span.parent_span_id, span.operation, span.start_ns, span.end_ns, span.status,
        span.user_id, _text(said.get(c.AGENT_NAME)), _text(said.get(c.SERVICE_NAME)),
        requested if answered is None else answered, requested, _text(said.get(c.SESSION)), str(said[c.SOURCE]),
        _count(said.get(c.INPUT_TOKENS)), _count(said.get(c.OUTPUT_TOKENS)),
        len(_text(said.get(c.INPUT_MESSAGES)) or ""),
    )  # fmt: skip


def _text(value: Any) -> str | None:
    """A value as PostgreSQL's ``->>`` gives it."""
    return value if value is None or isinstance(value, str) else json_text(value)


def _count(value: Any) -> int:
    """A count of tokens, 0 where it is none."""
    text = _text(value) or ""
    return int(text) if re.fullmatch(_COUNT, text) else 0
