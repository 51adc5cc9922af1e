"""Taking runs back out of all that was made of them: datasets are made again, adapters tainted, routes rolled back."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.adapters import move
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Adapter, Route
from .datasets import find_dataset, make_again
from .lineage import Descent, answered_in
from .promotion import serve, stop_trials
from .tables import Training
from .training.resume import discard_checkpoints

TAINTED = "tainted"


@dataclass
class Withdrawn:
    """What a withdrawal changed: rows by dataset, adapters tainted, routes as (agent, from, to)."""

    rows: dict[str, int] = field(default_factory=dict)
    adapters: list[str] = field(default_factory=list)
    routes: list[tuple[str, str, str | None]] = field(default_factory=list)

    def add(self, later: "Withdrawn") -> None:
        """Count what another withdrawal changed as well."""
        self.rows |= later.rows
        self.adapters += later.adapters
        self.routes += later.routes


async def withdraw(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, descent: Descent, reason: str
) -> Withdrawn:
    """Undo what came of ``descent.runs`` and of what adapters that came of them answered; done twice it changes nothing more.

    The order makes a repetition whole after a crash: first nothing tainted answers any more, then
    the datasets are made again without the runs.
    """
    done = Withdrawn()
    await _taint_all(engine, servers, actor, descent.adapters, reason, done)
    for agent in descent.routes:
        done.routes.append(await _roll_back(engine, servers, actor, agent))
    erased = {uuid.UUID(run) for run in descent.runs}
    for dataset_id in descent.datasets:
        async with tenant_session(engine, actor.tenant_id) as session:
            dataset = await find_dataset(session, uuid.UUID(dataset_id), lock=True)
            taught = await answered_in(session, dataset.id, descent.adapters)
            done.rows[dataset_id] = await make_again(session, dataset, without=erased | taught)
            await discard_checkpoints(session, Training.dataset_id == dataset.id)
            record(
                session, actor, "dataset.made_again", dataset_id, reason=reason, rows=done.rows[dataset_id]
            )
    # Trainings that ended meanwhile have made their adapters known; from here on those of the datasets as they were cannot.
    await _taint_all(engine, servers, actor, descent.adapters, reason, done)
    return done


async def _taint_all(
    engine: AsyncEngine,
    servers: ModelServers,
    actor: Actor,
    names: Sequence[str],
    reason: str,
    done: Withdrawn,
) -> None:
    for name in names:
        if await _taint(engine, actor, name, reason):
            done.adapters.append(name)
            await stop_trials(engine, servers, actor, name, f"tainted: {reason}")


async def _taint(engine: AsyncEngine, actor: Actor, name: str, reason: str) -> bool:
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await session.get(Adapter, (actor.tenant_id, name))
        if adapter is None or adapter.state == TAINTED:  # a training that failed has a name and no adapter
            return False
        adapter.card = {
            **adapter.card,
            TAINTED: {"reason": reason, "at": now().isoformat(), "was": adapter.state},
        }
        move(session, actor, adapter, "tainted", reason=reason)
        record(session, actor, "adapter.tainted", name, reason=reason)
        await discard_checkpoints(session, Training.continues == name)
    return True


async def _roll_back(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, agent: str
) -> tuple[str, str, str | None]:
    """Let the adapter before answer, or the base model where that one is tainted, too."""
    async with tenant_session(engine, actor.tenant_id) as session:
        route = await session.get_one(Route, (actor.tenant_id, agent))
        current, before = str(route.adapter), route.previous
        earlier = await session.get(Adapter, (actor.tenant_id, before)) if before else None
        target = before if earlier is not None and earlier.state != TAINTED else None
    await serve(engine, servers, actor, agent, target, left=current)
    return agent, current, target
