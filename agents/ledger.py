"""The rows of runs that keep no conversation: written together, those of a tenant that begin or end at once."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ..platform.database.base import now
from ..platform.database.batches import Batches
from ..platform.database.connections import Connections
from ..platform.errors import AuthenticationError
from ..platform.identity.keys import UNKNOWN, ShownKey
from ..platform.storable import dump_json
from ..platform.usage.admission import Counted, standings
from ..platform.usage.quotas import Standing
from .endings import CANCELLED
from .plain import PlainRun

_BEGIN = "SELECT * FROM begin_runs(%s, %s, %s, %s::jsonb, %s::jsonb)"
_END = "SELECT end_runs(%s, %s, %s::jsonb)"


class Beginning(NamedTuple):
    """A run that wants to start, whether quotas must let it, and the key that must be valid then."""

    run: PlainRun
    metered: bool
    key: ShownKey | None = None


@dataclass(frozen=True)
class Ending:
    """What a run's row says when it is over, and on whose account it is; nobody's where nobody waited for it.

    ``model`` is what usage is recorded under, ``cost`` in US dollars.
    """

    run_id: uuid.UUID
    status: str
    stop_reason: str
    error: str | None = None
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    actor: str | None = None
    agent: str = ""
    model: str = ""


class Ledger:
    """Begins and ends runs; what it returns is committed."""

    def __init__(self, connections: Connections, longest: timedelta) -> None:
        self._connections, self._longest = connections, longest
        self._beginnings: Batches[Beginning, Standing] = Batches(self._begin)
        self._endings: Batches[Ending, None] = Batches(self._end)
        self._ending: set[asyncio.Task[None]] = set()

    async def begin(self, run: PlainRun, *, metered: bool, key: ShownKey | None = None) -> Standing:
        """Let a run start and store its row; raises LimitError for a quota that is used up.

        Raises AuthenticationError where ``key`` is not valid at this moment. Where the caller leaves before it is
        told, the run is ended as cancelled.
        """
        begun = asyncio.ensure_future(self._beginnings.add(run.tenant_id, Beginning(run, metered, key)))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            begun.add_done_callback(lambda done: self._left(run, done))
            raise

    def _left(self, run: PlainRun, begun: asyncio.Future[Standing]) -> None:
        """End a run that began when its caller was gone."""
        if begun.cancelled() or begun.exception() is not None:
            return
        task = asyncio.create_task(self.end(run.tenant_id, Ending(run.id, "cancelled", CANCELLED)))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def end(self, tenant_id: uuid.UUID, ending: Ending) -> None:
        """Store how a run ended and count what it used; one that is over already is left as it is."""
        await self._endings.add(tenant_id, ending)

    async def _begin(self, tenant_id: uuid.UUID, wanted: list[Beginning]) -> Sequence[Standing | Exception]:
        moment = now()
        keys = {each.key for each in wanted if each.key is not None}
        rows, shown = _json([_row(each) for each in wanted]), _json([key._asdict() for key in keys])
        unknown, *counted = await self._connections.row(
            _BEGIN, [tenant_id, moment, self._longest, rows, shown]
        )
        if unknown is not None:
            return await self._begin_known(tenant_id, wanted, set(unknown))
        metered = sum(each.metered for each in wanted)
        told = iter(standings(Counted(*counted), moment, metered))
        return [next(told) if each.metered else Standing() for each in wanted]

    async def _begin_known(
        self, tenant_id: uuid.UUID, wanted: list[Beginning], unknown: set[str]
    ) -> Sequence[Standing | Exception]:
        """Begin the runs whose keys are valid; nothing has begun yet."""
        valid = [each.key is None or each.key.digest not in unknown for each in wanted]
        known = [each for each, holds in zip(wanted, valid, strict=True) if holds]
        begun = iter(await self._begin(tenant_id, known) if known else [])
        return [next(begun) if holds else AuthenticationError(UNKNOWN) for holds in valid]

    async def _end(self, tenant_id: uuid.UUID, endings: list[Ending]) -> Sequence[None]:
        moment = now()
        rows = _json([_ended(each, moment) for each in endings])
        await self._connections.row(_END, [tenant_id, moment.date(), rows])
        return [None] * len(endings)


def _json(value: Any) -> str:
    return dump_json(value).decode()


def _row(beginning: Beginning) -> dict[str, Any]:
    run = beginning.run
    return {
        "id": str(run.id), "user_id": str(run.user_id) if run.user_id else None, "agent": run.agent, "model": run.model,
        "adapter": run.adapter, "trace_id": run.trace_id, "tags": run.tags, "metered": beginning.metered,
    }  # fmt: skip


def _ended(ending: Ending, moment: datetime) -> dict[str, Any]:
    return {
        "id": str(ending.run_id), "status": ending.status, "stop_reason": ending.stop_reason, "error": ending.error,
        "steps": ending.steps, "input_tokens": ending.input_tokens, "output_tokens": ending.output_tokens,
        "cost": ending.cost, "ended_at": moment.isoformat(), "actor": ending.actor, "agent": ending.agent,
        "model": ending.model,
    }  # fmt: skip
