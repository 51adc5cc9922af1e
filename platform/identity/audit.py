"""The audit log: appended in the same transaction as the act it records."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .access import Actor
from .tables import AuditEvent


def record(session: AsyncSession, actor: Actor, action: str, target: str, **details: Any) -> AuditEvent:
    """Add an event; it is stored when the act's own transaction commits."""
    event = AuditEvent(
        tenant_id=actor.tenant_id, actor=actor.label, action=action, target=target, details=details
    )
    session.add(event)
    return event


async def recent(session: AsyncSession, limit: int = 100) -> list[AuditEvent]:
    """The latest events, newest first."""
    return list(await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)))
