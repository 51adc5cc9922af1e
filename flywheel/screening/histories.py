"""What each source gave to the runs that were screened soon after they ended, kept from one portion of them to the next.

A few numbers for each tool, none of its words. A history counts for the version of the screens that took it in.
"""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, fields

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ..observations import Observation
from ..tables import SourceHistory
from .anomaly import History
from .screener import version

# Names of tools come from other programs, too; the table's key takes no longer ones, whose runs are screened without a history.
_LONGEST_NAME = 500
_NUMBERS = tuple(field.name for field in fields(History))


async def histories_of(session: AsyncSession, observations: Iterable[Observation]) -> dict[str, History]:
    """The histories of the tools that gave the texts, until the transaction ends nobody else's to change."""
    tools = {seen.tool for seen in observations}
    query = select(SourceHistory).where(one_of(SourceHistory.tool, tools), SourceHistory.version == version())
    rows = await session.scalars(query.order_by(SourceHistory.tool).with_for_update())
    return {row.tool: History(**{name: getattr(row, name) for name in _NUMBERS}) for row in rows}


async def keep_histories(session: AsyncSession, tenant_id: uuid.UUID, histories: dict[str, History]) -> None:
    """Store histories in place of those of before."""
    rows = [
        {"tenant_id": tenant_id, "tool": tool, "version": version(), "changed_at": now(), **asdict(history)}
        for tool, history in sorted(histories.items())
        if history.count and len(tool) <= _LONGEST_NAME
    ]
    if rows:
        added = insert(SourceHistory).values(rows)
        changed = {name: added.excluded[name] for name in ("version", "changed_at", *_NUMBERS)}
        await session.execute(added.on_conflict_do_update(index_elements=["tenant_id", "tool"], set_=changed))


async def learn(session: AsyncSession, tenant_id: uuid.UUID, observations: Iterable[Observation]) -> None:
    """Take texts into the histories that there are, which a person found to be right."""
    seen = list(observations)
    histories = await histories_of(session, seen)
    for each in seen:
        if each.tool in histories:
            histories[each.tool].add(each.text)
    await keep_histories(session, tenant_id, histories)


async def forget_history(session: AsyncSession, tool: str) -> None:
    """Begin a tool's history anew."""
    await session.execute(delete(SourceHistory).where(SourceHistory.tool == tool))
