"""That a workspace's spans go to a collector, in its audit log: said before the first of them is sent."""

import uuid

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ...database.session import take_turns, tenant_session
from ...identity.audit import record_of
from ...identity.bootstrap import OPERATOR
from ...identity.tables import AuditEvent
from ..record import SpanRecord

ACTION = "spans.sent_to_collector"


class NotedCollector:
    """Notes where spans are sent once a workspace, and anew where that was another collector before."""

    def __init__(self, engine: AsyncEngine, url: str) -> None:
        self._engine, self._target = engine, without_secrets(url)
        self._noted: set[str] = set()

    async def follow(self, records: list[SpanRecord]) -> None:
        """Note the workspaces of spans that have been stored."""
        for tenant_id in sorted({record.tenant_id for record in records} - self._noted):
            await self._note(uuid.UUID(tenant_id))
            self._noted.add(tenant_id)

    async def _note(self, tenant_id: uuid.UUID) -> None:
        last = (
            select(AuditEvent.target)
            .where(AuditEvent.action == ACTION)
            .order_by(AuditEvent.id.desc())
            .limit(1)
        )
        async with tenant_session(self._engine, tenant_id) as session:
            await take_turns(session, f"collector:{tenant_id}")
            if await session.scalar(last) != self._target:
                record_of(session, tenant_id, f"key:{OPERATOR}", ACTION, self._target)


def without_secrets(url: str) -> str:
    """An address without what may be secret in it.

    >>> without_secrets("https://ann:secret@collector.example/v1/traces?key=1")
    'https://collector.example/v1/traces'
    """
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
