"""The audit log: appended in the same transaction as the act it records, and never changed.

The database lets the application add and read events, nothing else.
"""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.session import tenant_session
from .access import Actor
from .tables import AuditEvent

EXPORTED = "audit.exported"
_TOGETHER = 1000


class AuditLine(BaseModel):
    """An event as it is exported."""

    id: str
    at: str
    actor: str
    action: str
    target: str
    details: dict[str, Any]


def record(session: AsyncSession, actor: Actor, action: str, target: str, **details: Any) -> AuditEvent:
    """Add an event; it is stored when the act's own transaction commits."""
    return record_of(session, actor.tenant_id, actor.label, action, target, **details)


def record_of(
    session: AsyncSession, tenant_id: uuid.UUID, label: str, action: str, target: str, **details: Any
) -> AuditEvent:
    """Add an event of somebody who is no actor yet, such as a person who signs in."""
    event = AuditEvent(tenant_id=tenant_id, actor=label, action=action, target=target, details=details)
    session.add(event)
    return event


async def recent(
    session: AsyncSession, limit: int = 100, before: uuid.UUID | None = None
) -> list[AuditEvent]:
    """The latest events, newest first; those before an event where one is named."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return list(await session.scalars(query))


async def export(engine: AsyncEngine, actor: Actor) -> AsyncIterator[str]:
    """Every event as a line of JSON, the oldest first; the last one is that of the export itself.

    Memory is bounded: events are read by the thousand.
    """
    async with tenant_session(engine, actor.tenant_id) as session:
        last = record(session, actor, EXPORTED, actor.tenant_slug)
        await session.flush()
    query = select(AuditEvent).where(AuditEvent.id <= last.id).order_by(AuditEvent.id).limit(_TOGETHER)
    after = uuid.UUID(int=0)
    while True:
        async with tenant_session(engine, actor.tenant_id) as session:
            events = list(await session.scalars(query.where(AuditEvent.id > after)))
        for event in events:
            yield _line(event)
        if len(events) < _TOGETHER:
            return
        after = events[-1].id


def _line(event: AuditEvent) -> str:
    line = AuditLine(
        id=str(event.id), at=event.at.isoformat(), actor=event.actor, action=event.action, target=event.target,
        details=event.details,
    )  # fmt: skip
    return json.dumps(line.model_dump(), ensure_ascii=False) + "\n"
