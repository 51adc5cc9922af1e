"""The rows of runs that keep no conversation: written together, those of a tenant that begin or end at once."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from ..platform.database.base import now
from ..platform.database.batches import Batches
from ..platform.database.connections import Connections
from ..platform.errors import AuthenticationError, LimitError
from ..platform.identity.keys import UNKNOWN, ShownKey
from ..platform.storable import dump_json
from ..platform.telemetry import conventions as c
from ..platform.telemetry.record import SpanRecord
from ..platform.usage.admission import Counted, standings
from ..platform.usage.quotas import Standing
from .endings import CANCELLED
from .plain import PlainRun

_BEGIN = "SELECT * FROM begin_runs(%s, %s, %s, %s::jsonb, %s::jsonb)"
_END = "SELECT end_runs(%s, %s::jsonb, %s)"
# Ends of a tenant's runs; where more wait they are told of at once.
_MOST_UNTOLD = 5000


class Beginning(NamedTuple):
    """A run that wants to start, whether quotas must let it, and the key that must be valid then."""

    run: PlainRun
    metered: bool
    key: ShownKey | None = None


@dataclass(frozen=True)
class Ending:
    """What a run's row says when it is over, and on whose account it is; nobody's where nobody waited for it.

    ``cost`` is in US dollars. The run is told as a whole, for a database that crashed may have lost it.
    """

    run: PlainRun
    status: str
    stop_reason: str
    ended_at: datetime
    error: str | None = None
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    actor: str | None = None

    def row(self) -> dict[str, Any]:
        """The ending as the functions of the schema read it."""
        return {
            **self.run.row(), "status": self.status, "stop_reason": self.stop_reason, "error": self.error,
            "steps": self.steps, "input_tokens": self.input_tokens, "output_tokens": self.output_tokens,
            "cost": self.cost, "ended_at": self.ended_at.isoformat(), "actor": self.actor,
        }  # fmt: skip


class Untold:
    """Ends of one tenant's runs that are in the log of spans and not yet in their rows: nothing counts them yet.

    ``standing`` is what was left of the quotas when a run was let in last. ``told_now`` are those that are on their way.
    """

    def __init__(self) -> None:
        self.standing = Standing()
        self._endings: dict[str, Ending] = {}
        self._tokens, self._dollars = 0, 0.0
        self.told_now: set[asyncio.Task[None]] = set()

    def add(self, ending: Ending) -> None:
        self._endings[str(ending.run.id)] = ending
        self._count(ending, 1)

    def told(self, run_id: str) -> None:
        """Count a run no more that may be waiting."""
        if (ending := self._endings.pop(run_id, None)) is not None:
            self._count(ending, -1)

    def take(self) -> list[Ending]:
        """All of them, which wait no more."""
        taken = list(self._endings.values())
        self._endings.clear()
        self._tokens, self._dollars = 0, 0.0
        return taken

    def few(self) -> bool:
        """Whether they may go on waiting: by no quota are they more than a tenth of what is left."""
        left, runs = self.standing, len(self._endings)
        return runs <= _MOST_UNTOLD and all(
            room is None or used * 10 <= room
            for room, used in ((left.runs, runs), (left.tokens, self._tokens), (left.dollars, self._dollars))
        )

    def _count(self, ending: Ending, times: int) -> None:
        self._tokens += times * (ending.input_tokens + ending.output_tokens)
        self._dollars += times * (ending.cost or 0.0)


class Ledger:
    """Begins and ends runs. What ``begin`` and ``end`` return is seen by all.

    A database that crashes may lose it again, but not what is in the log of spans: those endings come out of it once
    more, for good (``follow``), and where a tenant is far from its quotas only then (``settle``).
    """

    def __init__(self, connections: Connections, longest: timedelta) -> None:
        self._connections, self._longest = connections, longest
        self._beginnings: Batches[Beginning, Standing] = Batches(self._begin)
        self._endings: Batches[Ending, None] = Batches(self._end)
        self._ending: set[asyncio.Task[None]] = set()
        self._untold: defaultdict[uuid.UUID, Untold] = defaultdict(Untold)

    async def begin(self, run: PlainRun, *, metered: bool, key: ShownKey | None = None) -> Standing:
        """Let a run start and store its row; raises LimitError for a quota that is used up.

        Raises AuthenticationError where ``key`` is not valid at this moment. Where the caller leaves before it is
        told, the run is ended as cancelled.
        """
        try:
            return await self._begun(Beginning(run, metered, key))
        except LimitError:
            if not await self.tell(run.tenant_id):
                raise
        # Runs that are over counted as under way.
        return await self._begun(Beginning(run, metered, key))

    async def _begun(self, wanted: Beginning) -> Standing:
        begun = asyncio.ensure_future(self._beginnings.add(wanted.run.tenant_id, wanted))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            begun.add_done_callback(lambda done: self._left(wanted.run, done))
            raise

    def _left(self, run: PlainRun, begun: asyncio.Future[Standing]) -> None:
        """End a run that began when its caller was gone."""
        if begun.cancelled() or begun.exception() is not None:
            return
        task = asyncio.create_task(self.end(run.tenant_id, Ending(run, "cancelled", CANCELLED, now())))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def end(self, tenant_id: uuid.UUID, ending: Ending) -> None:
        """Store how a run ended and count what it used; one that is over already is left as it is."""
        await self._endings.add(tenant_id, ending)

    async def settle(self, tenant_id: uuid.UUID, ending: Ending) -> None:
        """Store how a run ended whose end is logged: with the log where the tenant is far from its quotas, else now."""
        untold = self._untold[tenant_id]
        untold.add(ending)
        if not untold.few():
            await self.tell(tenant_id)

    async def tell(self, tenant_id: uuid.UUID) -> int:
        """Store a tenant's ends that wait for the log, so that whoever reads next sees them; returns their number.

        Those that another caller stores meanwhile are waited for, and counted, too.
        """
        untold = self._untold[tenant_id]
        for ending in untold.take():
            task = asyncio.create_task(self._endings.add(tenant_id, ending))
            untold.told_now.add(task)
            task.add_done_callback(untold.told_now.discard)
        if not (waited := set(untold.told_now)):
            return 0
        done, _ = await asyncio.wait(waited)
        for each in done:
            each.result()
        return len(done)

    async def follow(self, records: list[SpanRecord]) -> None:
        """Write the endings that stored spans tell of for good, and take them off the spans."""
        told: dict[str, dict[str, str]] = defaultdict(dict)
        for record in records:
            ending = record.attributes.pop(c.ENDING, None)
            if ending is not None and c.SOURCE not in record.attributes:
                told[record.tenant_id][record.run_id or ""] = ending
        for tenant_id, rows in told.items():
            await self._connections.row(_END, [tenant_id, f"[{','.join(rows.values())}]", True])
            untold = self._untold[uuid.UUID(tenant_id)]
            for run_id in rows:
                untold.told(run_id)

    async def _begin(self, tenant_id: uuid.UUID, wanted: list[Beginning]) -> Sequence[Standing | Exception]:
        moment = now()
        keys = {each.key for each in wanted if each.key is not None}
        rows, shown = (
            _json([{**each.run.row(), "metered": each.metered} for each in wanted]),
            _json([key._asdict() for key in keys]),
        )
        unknown, *counted = await self._connections.row(
            _BEGIN, [tenant_id, moment, self._longest, rows, shown]
        )
        if unknown is not None:
            return await self._begin_known(tenant_id, wanted, set(unknown))
        metered = sum(each.metered for each in wanted)
        admitted = standings(Counted(*counted), moment, metered)
        if admitted:
            self._untold[tenant_id].standing = _left_by(admitted[-1])
        told = iter(admitted)
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
        rows = _json([each.row() for each in endings])
        await self._connections.row(_END, [tenant_id, rows, False])
        return [None] * len(endings)


def _left_by(admitted: Standing | LimitError) -> Standing:
    """What is left after the last request; of whatever it was refused for, nothing."""
    return Standing(runs=0, tokens=0, dollars=Decimal()) if isinstance(admitted, LimitError) else admitted


def _json(value: Any) -> str:
    return dump_json(value).decode()
