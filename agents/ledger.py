"""The rows of runs that keep no conversation: written together, those of a tenant that begin or end at once."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import now
from ..platform.database.batches import Batches
from ..platform.database.session import tenant_session
from ..platform.usage.quotas import Standing
from ..platform.usage.record import Used, record_usage
from .admission import admit_runs
from .tables import Run


class Beginning(NamedTuple):
    """A run that wants to start, and whether quotas must let it."""

    run: Run
    metered: bool


class Ending(NamedTuple):
    """What a run's row says when it is over, by column, and what it used; None for one that nobody waited for."""

    run_id: uuid.UUID
    values: dict[str, Any]
    used: Used | None = None


class Ledger:
    """Begins and ends runs; what it returns is committed."""

    def __init__(self, engine: AsyncEngine, longest: timedelta) -> None:
        self._engine, self._longest = engine, longest
        self._beginnings: Batches[Beginning, Standing] = Batches(self._begin)
        self._endings: Batches[Ending, None] = Batches(self._end)
        self._ending: set[asyncio.Task[None]] = set()

    async def begin(self, run: Run, *, metered: bool) -> Standing:
        """Let a run start and store its row; raises LimitError for a quota that is used up.

        Where the caller leaves before it is told, the run is ended as cancelled.
        """
        begun = asyncio.ensure_future(self._beginnings.add(run.tenant_id, Beginning(run, metered)))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            begun.add_done_callback(lambda done: self._left(run, done))
            raise

    def _left(self, run: Run, begun: asyncio.Future[Standing]) -> None:
        """End a run that began when its caller was gone."""
        if begun.cancelled() or begun.exception() is not None:
            return
        values = {"status": "cancelled", "stop_reason": "cancelled", "ended_at": now()}
        task = asyncio.create_task(self.end(run.tenant_id, Ending(run.id, values)))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def end(self, tenant_id: uuid.UUID, ending: Ending) -> None:
        """Store how a run ended and count what it used; one that is over already is left as it is."""
        await self._endings.add(tenant_id, ending)

    async def _begin(self, tenant_id: uuid.UUID, wanted: list[Beginning]) -> Sequence[Standing | Exception]:
        metered = sum(each.metered for each in wanted)
        async with tenant_session(self._engine, tenant_id) as session:
            admitted = iter(await admit_runs(session, tenant_id, self._longest, metered) if metered else [])
            results: list[Standing | Exception] = [
                next(admitted) if each.metered else Standing() for each in wanted
            ]
            let_in = zip(wanted, results, strict=True)
            session.add_all([each.run for each, result in let_in if isinstance(result, Standing)])
        return results

    async def _end(self, tenant_id: uuid.UUID, endings: list[Ending]) -> Sequence[None]:
        by_id = {each.run_id: each for each in endings}
        known = Run.id == any_(literal(list(by_id), ARRAY(Uuid)))
        async with tenant_session(self._engine, tenant_id) as session:
            running = await session.scalars(
                select(Run.id).where(known, Run.status == "running").with_for_update()
            )
            open_ones = [by_id[run_id] for run_id in running]
            rows = [{"tenant_id": tenant_id, "id": each.run_id, **each.values} for each in open_ones]
            if rows:
                await session.execute(update(Run), rows)
            await record_usage(session, tenant_id, *(each.used for each in open_ones if each.used))
        return [None] * len(endings)
