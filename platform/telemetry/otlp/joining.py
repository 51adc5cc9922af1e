"""Messages that came as log events, joined to the spans of their calls: whichever comes later finds the other.

A span and its messages may come through different processes. Whoever stores either looks for the other afterwards, one
after the other for each run, so that one of them finds both.
"""

import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from prometheus_client import Counter as Metric
from psycopg import AsyncConnection
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from ...database.base import now
from ...database.recordset import recordset
from ...database.session import tenant_session
from ...identity.tenants import list_tenants
from ...portions import portions
from ...storable import dump_json
from .. import conventions as c
from ..record import SpanRecord
from ..store import arrays
from ..tables import WaitingMessage
from .reading import Foreign
from .records import described, reading_of

log = logging.getLogger(__name__)
UNJOINED = Metric("whorl_messages_not_joined", "Messages of model calls that their spans had no room for")
# How long log events wait for the spans of their run: a sender's own queue may hold these up for days.
WAITS = timedelta(days=7)
# Of one span: each that comes later is a new row of the span with all that came before.
_MOST = 2000
# Spans whose messages are in memory at once.
_AT_ONCE = 50
_COLUMNS = (
    "tenant_id", "id", "run_id", "trace_id", "span_id", "event", "redaction_policy", "redactions", "content_dropped",
    "came_at",
)  # fmt: skip
_NAMES, _ROWS = recordset(WaitingMessage.__table__, _COLUMNS)
_KEEP = f"""
INSERT INTO waiting_messages ({_NAMES}) SELECT {_NAMES} FROM {_ROWS}
WHERE NOT EXISTS (SELECT FROM erased_runs e WHERE e.tenant_id = record.tenant_id AND e.run_id = record.run_id)
ON CONFLICT DO NOTHING
"""
_STORED = f"""
SELECT s.run_id::text, s.trace_id, s.span_id, s.start_ns
FROM (SELECT DISTINCT run_id, trace_id, span_id FROM waiting_messages WHERE tenant_id = %s AND run_id = ANY(%s::uuid[])) w
JOIN spans s ON s.tenant_id = %s AND s.trace_id = w.trace_id AND s.span_id = w.span_id AND s.run_id = w.run_id
WHERE s.attributes ? '{c.SOURCE}'
ORDER BY s.trace_id, s.span_id, s.start_ns
"""
_KEYS = "unnest(%s::text[], %s::text[]) AS k (trace_id, span_id)"
_SPANS = f"""
SELECT s.trace_id, s.span_id, s.start_ns, s.parent_span_id, s.name, s.operation, s.attributes, s.events,
    s.redaction_policy, s.redactions, s.content_dropped
FROM spans s JOIN {_KEYS} USING (trace_id, span_id) WHERE s.tenant_id = %s AND s.attributes ? '{c.SOURCE}'
"""
_TAKE = f"""
DELETE FROM waiting_messages w USING {_KEYS}
WHERE w.tenant_id = %s AND w.trace_id = k.trace_id AND w.span_id = k.span_id
RETURNING w.trace_id, w.span_id, w.event, w.redaction_policy, w.redactions, w.content_dropped
"""
_JOIN = "SELECT join_messages(%s::jsonb)"


class Told(NamedTuple):
    """A message that was taken from where it waited; ``event`` is None where its redaction failed."""

    event: dict[str, Any] | None
    redaction_policy: str
    redactions: dict[str, int]
    content_dropped: bool


class Stored(NamedTuple):
    """A span as far as messages change it."""

    trace_id: str
    span_id: str
    start_ns: int
    parent_span_id: str | None
    name: str
    operation: str
    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    redaction_policy: str
    redactions: dict[str, int]
    content_dropped: bool


async def keep_messages(connection: AsyncConnection[Any], records: Sequence[SpanRecord]) -> None:
    """Store a tenant's messages until their spans come, each once; those of erased runs are left out."""
    rows = sorted((_row(record) for record in records), key=lambda row: str(row["id"]))
    for some in arrays([dump_json(row) for row in rows]):
        await connection.execute(_KEEP, [some])


def _row(record: SpanRecord) -> dict[str, Any]:
    run_id = str(record.run_id)
    return {
        "tenant_id": record.tenant_id, "id": str(uuid.uuid5(uuid.UUID(run_id), f"{record.parent_span_id} {record.span_id}")),
        "run_id": run_id, "trace_id": record.trace_id, "span_id": record.parent_span_id,
        "event": {**record.events[0], "id": record.span_id} if record.events else None,
        "redaction_policy": record.redaction_policy, "redactions": record.redactions,
        "content_dropped": record.content_dropped, "came_at": now().isoformat(),
    }  # fmt: skip


async def join_messages(connection: AsyncConnection[Any], tenant_id: str, run_ids: Sequence[str]) -> set[str]:
    """Join what waits for the stored spans of some runs to them; the runs whose spans are others now.

    The caller has the turn of each run.
    """
    cursor = await connection.execute(_STORED, [tenant_id, list(run_ids), tenant_id])
    found = await cursor.fetchall()
    for some in portions(dict.fromkeys((trace_id, span_id) for _, trace_id, span_id, _ in found), _AT_ONCE):
        traces, spans = [trace for trace, _ in some], [span for _, span in some]
        told: dict[tuple[str, str], list[Told]] = defaultdict(list)
        cursor = await connection.execute(_TAKE, [traces, spans, tenant_id])
        for trace_id, span_id, *values in await cursor.fetchall():
            told[trace_id, span_id].append(Told(*values))
        cursor = await connection.execute(_SPANS, [traces, spans, tenant_id])
        stored = [Stored(*row) for row in await cursor.fetchall()]
        joined = [with_messages(span, told[span.trace_id, span.span_id]) for span in stored]
        for rows in arrays([dump_json(span._asdict()) for span in joined]):
            await connection.execute(_JOIN, [rows])
    return {run_id for run_id, *_ in found}


def with_messages(span: Stored, told: Sequence[Told]) -> Stored:
    """A span read again with messages of the log; those that it has already are passed over."""
    own = [event for event in span.events if "id" not in event]
    logged = {event["id"]: event for event in span.events if "id" in event}
    logged |= {each.event["id"]: each.event for each in told if each.event and each.event["id"] not in logged}
    ordered = sorted(logged.values(), key=lambda event: (event["at_ns"], event["id"]))
    if len(ordered) > _MOST:
        UNJOINED.inc(len(ordered) - _MOST)
        log.error(
            "A span has more than %d messages of the log; the last %d are left out.",
            _MOST,
            len(ordered) - _MOST,
        )
    events = [*own, *ordered[:_MOST]]
    operation, attributes = _read(span, events)
    policies = dict.fromkeys([span.redaction_policy, *(each.redaction_policy for each in told)])
    redactions = Counter(span.redactions)
    for each in told:
        redactions.update(each.redactions)
    return span._replace(
        operation=operation, attributes=attributes, events=events, redaction_policy=", ".join(filter(None, policies)),
        redactions=dict(redactions), content_dropped=span.content_dropped or any(each.content_dropped for each in told),
    )  # fmt: skip


def _read(span: Stored, events: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The operation and the attributes of a span by all its events; what was read of the log before is read anew."""
    own = {n: v for n, v in span.attributes.items() if n not in span.attributes.get(c.FROM_LOGS, ())}
    told = tuple((event["name"], event["attributes"]) for event in events)
    reading = reading_of(Foreign(span.name, own, told, root=span.parent_span_id is None))
    new = {n: v for n, v in described(reading, own).items() if not (n in own and n.startswith("unread."))}
    from_logs = [name for name, value in new.items() if own.get(name) != value]
    return reading.operation or span.operation, {**own, **new, c.FROM_LOGS: from_logs}


async def forget_unjoined(engine: AsyncEngine) -> None:
    """Forget, in every tenant, the messages whose spans have not come for ``WAITS``."""
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            await session.execute(delete(WaitingMessage).where(WaitingMessage.came_at < now() - WAITS))
