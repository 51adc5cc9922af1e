"""The span store: bulk writes by COPY, and what a run's page reads."""

import dataclasses
import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.reader import TenantReader
from ..database.rls import TENANT_SETTING
from ..storable import dump_json
from .record import SpanRecord
from .tables import Span

_log = logging.getLogger(__name__)
_COLUMNS = [field.name for field in dataclasses.fields(SpanRecord)]
_JSON = frozenset({"attributes", "events", "redactions"})
_NAMES = ", ".join(_COLUMNS)


def dump_records(records: list[SpanRecord]) -> bytes:
    """Records as one log payload; what no store takes is replaced, or it would stop all that follows."""
    return dump_json([{name: getattr(record, name) for name in _COLUMNS} for record in records])


def load_records(payload: bytes) -> list[SpanRecord]:
    """Records of a log payload."""
    return [SpanRecord(**value) for value in json.loads(payload)]


async def store_records(connection: AsyncConnection[Any], records: Iterable[SpanRecord]) -> int:
    """Write spans in one transaction a tenant; ``(trace_id, span_id)`` makes a replay harmless.

    COPY does not work on a table under row-level security, so rows pass through a temporary
    table. Returns the number of spans that were new.
    """
    by_tenant: dict[str, list[SpanRecord]] = defaultdict(list)
    for record in records:
        by_tenant[record.tenant_id].append(record)
    new = 0
    for tenant, rows in by_tenant.items():
        async with connection.transaction(), connection.cursor() as cursor:
            await cursor.execute("SELECT set_config(%s, %s, true)", [TENANT_SETTING, tenant])
            await cursor.execute(
                "CREATE TEMPORARY TABLE incoming (LIKE spans INCLUDING DEFAULTS) ON COMMIT DROP"
            )
            async with cursor.copy(f"COPY incoming ({_NAMES}) FROM STDIN") as copy:
                for row in rows:
                    await copy.write_row([_cell(name, getattr(row, name)) for name in _COLUMNS])
            await cursor.execute(
                f"INSERT INTO spans ({_NAMES}) SELECT {_NAMES} FROM incoming ON CONFLICT DO NOTHING"
            )
            new += cursor.rowcount
    return new


def _cell(name: str, value: Any) -> Any:
    return Jsonb(value) if name in _JSON else value


_PLACEHOLDERS = """
SELECT DISTINCT trace_id, found[1]
FROM spans, regexp_matches(concat_ws(' ', name, status_message, attributes::text, events::text), '<[A-Z_]+_[0-9]+>', 'g') found
WHERE tenant_id = %s AND trace_id = ANY(%s)
"""


def stored_placeholders(reader: TenantReader, tenant_id: str, traces: Sequence[str]) -> dict[str, list[str]]:
    """The numbered placeholders in what is stored of each trace; none while the database cannot be reached."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        for trace_id, placeholder in reader.rows(tenant_id, _PLACEHOLDERS, [tenant_id, list(traces)]):
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
