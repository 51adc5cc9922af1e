"""Runs of a recalled source: confirmed in quarantine, whatever screening thought of them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ..tables import Quarantine


async def confirm_recalled(
    session: AsyncSession, actor: Actor, runs: Sequence[uuid.UUID], source: str
) -> int:
    """Put the runs into quarantine as confirmed; returns how many were not so before."""
    found = await session.scalars(select(Quarantine).where(one_of(Quarantine.run_id, runs)))
    entries = {entry.run_id: entry for entry in found}
    made = {
        "state": "confirmed",
        "at": now().isoformat(),
        "by": actor.label,
        "note": f"{source} was recalled",
    }
    changed = 0
    for run_id in runs:
        entry = entries.get(run_id)
        if entry is not None and entry.state == "confirmed":
            continue
        if entry is None:
            entry = Quarantine(
                tenant_id=actor.tenant_id, run_id=run_id, version="recall", findings=[], decisions=[]
            )
            session.add(entry)
        entry.state, entry.decisions = "confirmed", [*entry.decisions, made]
        changed += 1
    record(session, actor, "quarantine.recalled", source, runs=changed)
    await session.flush()
    return changed
