"""The span store: bulk writes, and what a run's page reads."""

import dataclasses
import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.connections import Connections
from ..database.reader import TenantReader
from ..database.recordset import recordset
from ..storable import dump_json
from . import conventions as c
from .record import SpanRecord
from .tables import Span

_log = logging.getLogger(__name__)
# Of one array of rows; a JSONB value has 256 MB at most.
_MOST_BYTES = 16_000_000
_COLUMNS = [field.name for field in dataclasses.fields(SpanRecord)]
_NAMES, _ROWS = recordset(Span.__table__, _COLUMNS)
_INSERT = f"""
INSERT INTO spans ({_NAMES})
SELECT {_NAMES} FROM {_ROWS}
WHERE NOT EXISTS (SELECT FROM erased_runs e WHERE e.tenant_id = record.tenant_id AND e.run_id = record.run_id)
ON CONFLICT DO NOTHING
"""
_UNDATED_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_STORED = "SELECT trace_id, span_id FROM spans WHERE tenant_id = %s AND trace_id = ANY(%s)"


def dump_records(records: list[SpanRecord]) -> bytes:
    """Records as one log payload; what no store takes is replaced, or it would stop all that follows."""
    return dump_json([_values(record) for record in records])


def load_records(payload: bytes) -> list[SpanRecord]:
    """Records of a log payload."""
    try:
        values = orjson.loads(payload)
    except orjson.JSONDecodeError:  # of what only Python takes for a number
        values = json.loads(payload)
    return [SpanRecord(**value) for value in values]


async def store_records(connections: Connections, records: Iterable[SpanRecord]) -> int:
    """Write spans in one transaction a tenant; ``(trace_id, span_id, start_ns)`` makes a replay harmless.

    Of spans without a time of their own the first is kept, whenever it comes again. Those of erased runs are left
    out. Returns the number of spans that were new.
    """
    by_tenant: dict[str, list[SpanRecord]] = defaultdict(list)
    for record in records:
        by_tenant[record.tenant_id].append(record)
    new = 0
    for tenant_id, own in by_tenant.items():
        async with connections.of_tenant(tenant_id) as connection:
            for some in arrays([_row(record) for record in await _unstored(connection, own)]):
                new += (await connection.execute(_INSERT, [some])).rowcount
    return new


async def _unstored(connection: psycopg.AsyncConnection[Any], records: list[SpanRecord]) -> list[SpanRecord]:
    """A tenant's records but for undated ones that are stored already, or come twice among them.

    Whoever stores undated spans of the tenant takes turns, or two processes would each find the other's not stored.
    """
    undated = [record for record in records if c.UNDATED in record.attributes]
    if not undated:
        return records
    tenant_id = undated[0].tenant_id
    await connection.execute(_UNDATED_TURN, [f"undated spans of {tenant_id}"])
    traces = [*{record.trace_id for record in undated}]
    known = set(await (await connection.execute(_STORED, [tenant_id, traces])).fetchall())
    kept = []
    for record in records:
        if c.UNDATED in record.attributes:
            name = (record.trace_id, record.span_id)
            if name in known:
                continue
            known.add(name)
        kept.append(record)
    return kept


def _row(record: SpanRecord) -> bytes:
    kept = {name: value for name, value in record.attributes.items() if name != c.ENDING}
    return dump_json({**_values(record), "attributes": kept})


def arrays(rows: list[bytes]) -> Iterator[str]:
    """Rows as JSON arrays that a JSONB value has room for."""
    some, size = list[bytes](), 0
    for row in rows:
        if size + len(row) > _MOST_BYTES and some:
            yield f"[{b','.join(some).decode()}]"
            some, size = [], 0
        some.append(row)
        size += len(row)
    yield f"[{b','.join(some).decode()}]"


def _values(record: SpanRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _COLUMNS}


_PLACEHOLDERS = """
SELECT DISTINCT trace_id, found[1]
FROM (
    SELECT trace_id, concat_ws(' ', name, status_message, attributes::text, events::text) AS said
    FROM spans WHERE tenant_id = %s AND trace_id = ANY(%s)
    UNION ALL SELECT trace_id, event::text FROM waiting_messages WHERE tenant_id = %s AND trace_id = ANY(%s)
) stored, regexp_matches(said, '<[A-Z_]+_[0-9]+>', 'g') found
"""


def stored_placeholders(reader: TenantReader, tenant_id: str, traces: Sequence[str]) -> dict[str, list[str]]:
    """The numbered placeholders in what is stored of each trace; none while the database cannot be reached or is slow."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        for trace_id, placeholder in reader.rows(tenant_id, _PLACEHOLDERS, [tenant_id, list(traces)] * 2):
            found[trace_id].append(placeholder)
    except psycopg.OperationalError as error:
        _log.warning("Placeholders of a trace are numbered from 1: %s", type(error).__name__)
    return found


async def spans_of_run(session: AsyncSession, run_id: uuid.UUID) -> list[Span]:
    """The spans of a run in the order they began."""
    return list(
        await session.scalars(
            select(Span).where(Span.run_id == run_id).order_by(Span.start_ns, Span.end_ns.desc())
        )
    )
