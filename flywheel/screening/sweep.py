"""Screening soon after capture: runs that ended are screened in the background, the newest first, each once.

The clock queues a job every minute. Where runs wait, it starts a process that loads MiniLM, screens for ``SECONDS`` and ends. It
looks at texts at the least priority, so that a chat waits for none of it, and stores what it saw at its own, so that nobody waits
long for what it locks. A portion is one transaction, and as small as its texts are long: what a process that dies had begun is
simply waiting again; of one tenant a single process at a time has a portion. Runs that a process was given up at wait until nothing
else does, and are then looked at one by one.
"""

import asyncio
import logging
import os
import pickle
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import anyio
from anyio import CapacityLimiter, to_thread
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ...agents.names import IMPORTED_TAG, SHADOW_TAG
from ...agents.tables import Run
from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ...platform.database.session import create_engine, takes_turn, tenant_session
from ...platform.identity.tenants import list_tenants
from ..apart import Aside, Priority
from ..sources import take_turn
from ..trajectory import Trajectory, trajectories
from .histories import histories_of, keep_histories
from .looks import keep_looks, known_looks, looks_at
from .quarantine import RunScreen, hold
from .screener import default_screener

_log = logging.getLogger(__name__)
SCREEN_JOB, SCREEN_CLOCK = "screen", "* * * * *"
# Runs of a transaction at most, and how long one process takes new portions: it leaves the queue's place to other jobs.
PORTION, SECONDS = 50, 30.0
# Characters of a transaction, unless one run alone has more.
CHARACTERS = 400_000
# Spans that a run's end overtook come within this time.
SETTLED = timedelta(seconds=10)
# When a process that begins no new portion is given up.
PATIENCE = 120.0
# What processes of this one were given up at.
_GIVEN_UP: set[uuid.UUID] = set()
_ONE = CapacityLimiter(1)
_COMMAND = [sys.executable, "-P", "-m", "whorl.flywheel.screening.sweep"]
Compute = Callable[[Callable[[], Any]], Awaitable[Any]]
Begun = Callable[[Collection[uuid.UUID]], None]


class Portion(NamedTuple):
    """How many runs were screened, and how many of them are held now."""

    screened: int = 0
    held: int = 0


class Waiting(NamedTuple):
    """How many runs wait to be screened, and since when the oldest of them has ended."""

    runs: int
    since: datetime | None


async def screen_waiting(engine: AsyncEngine, url: str, priority: Priority = "last") -> None:
    """Screen what waits, in a process apart; ``url`` is the database as the application's role.

    Where one that this process started is still at it, there is nothing to do: a slow one takes no second place in the queue.
    """
    if _ONE.borrowed_tokens:
        return
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            if await session.scalar(_waiting(now() - SETTLED).limit(1)) is not None:
                break
    else:
        return
    async with _ONE:
        await _screen_apart(pickle.dumps((url, priority, frozenset(_GIVEN_UP))))


async def _screen_apart(work: bytes) -> None:
    """Run the process, which says on a line of its output what it begins."""
    said = b""
    async with await anyio.open_process(_COMMAND, stderr=None) as process:
        assert process.stdin is not None and process.stdout is not None
        with suppress(anyio.BrokenResourceError):
            await process.stdin.send(work)
        await process.stdin.aclose()
        while True:
            try:
                with anyio.fail_after(PATIENCE):
                    said += await process.stdout.receive()
            except anyio.EndOfStream:
                break
            except TimeoutError:
                process.kill()
                begun = said.decode().splitlines()[-1:]
                _GIVEN_UP.update(uuid.UUID(run) for line in begun for run in line.split())
                _log.warning(
                    "The process that screens runs was given up after %s seconds; the runs wait", PATIENCE
                )
                return
        if code := await process.wait():
            _log.error("The process that screens runs ended with %s; the runs wait", code)


async def sweep(
    engine: AsyncEngine,
    seconds: float = SECONDS,
    compute: Compute = to_thread.run_sync,
    last: Collection[uuid.UUID] = (),
    begun: Begun = lambda run_ids: None,
) -> Portion:
    """Screen the waiting runs of all tenants, a portion of each in turn, until none waits or the time is over.

    ``compute`` looks at texts, in another thread. Runs that are among the ``last`` wait for all others of their tenant; ``begun``
    is told of each portion.
    """
    until, screened, held = time.monotonic() + seconds, 0, 0
    tenants = [tenant.id for tenant in await list_tenants(engine)]
    while tenants:
        left = []
        for tenant_id in tenants:
            async with tenant_session(engine, tenant_id) as session:
                portion = await screen_portion(session, tenant_id, compute, last, begun)
            screened, held = screened + portion.screened, held + portion.held
            if time.monotonic() >= until:
                return Portion(screened, held)
            if portion.screened:
                left.append(tenant_id)
        tenants = left
    return Portion(screened, held)


async def screen_portion(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    compute: Compute,
    last: Collection[uuid.UUID] = (),
    begun: Begun = lambda run_ids: None,
) -> Portion:
    """Screen some of the latest ``PORTION`` runs of a tenant that wait; none where another process is at it."""
    if not await takes_turn(session, f"screening {tenant_id}"):
        return Portion()
    query = _waiting(now() - SETTLED)
    run_ids = list(await session.scalars(query.where(~one_of(Run.id, last)).limit(PORTION)))
    run_ids = run_ids or list(await session.scalars(query.where(one_of(Run.id, last)).limit(1)))
    if not run_ids:
        return Portion()
    runs = [run async for run in trajectories(session, sorted(run_ids), now())]
    wanted = _fitting([run for run in runs if SHADOW_TAG not in run.tags])
    later = {run.run_id for run in runs if SHADOW_TAG not in run.tags} - {run.run_id for run in wanted}
    run_ids = [run_id for run_id in run_ids if run_id not in later]
    begun(run_ids)
    known = await known_looks(session, run_ids)
    looks = await compute(lambda: looks_at(wanted, known, default_screener()))
    await take_turn(session, tenant_id)
    # A run that something else changes meanwhile waits for the next portion, and that something for nothing.
    locked = select(Run.id).where(one_of(Run.id, run_ids))
    mine = set(await session.scalars(locked.with_for_update(skip_locked=True, key_share=True)))
    looked = [pair for pair in zip(wanted, looks, strict=True) if pair[0].run_id in mine]
    screen = RunScreen(
        histories=await histories_of(session, (seen for run, _ in looked for seen in run.observations))
    )
    held = 0
    for run, seen in looked:
        counted = known[run.run_id].texts if run.run_id in known else frozenset()
        if flagged := screen.judge(run.observations, seen, counted=counted):
            await hold(session, tenant_id, run.run_id, flagged)
            held += 1
    await keep_looks(session, tenant_id, looked)
    await keep_histories(session, tenant_id, screen.histories)
    await session.execute(update(Run).where(one_of(Run.id, mine)).values(screened_at=now()))
    return Portion(len(mine), held)


def _fitting(runs: Sequence[Trajectory]) -> list[Trajectory]:
    """Those runs, in their order, that have the shortest texts and together ``CHARACTERS`` at most; one at least."""
    long = {run.run_id: sum(len(seen.text) for seen in run.observations) for run in runs}
    fitting, total = set[uuid.UUID](), 0
    for run_id in sorted(long, key=lambda run_id: long[run_id]):
        total += long[run_id]
        if fitting and total > CHARACTERS:
            break
        fitting.add(run_id)
    return [run for run in runs if run.run_id in fitting]


def _unscreened() -> tuple[ColumnElement[bool], ...]:
    """What the index ``ix_runs_unscreened`` has."""
    return Run.status == "succeeded", Run.screened_at.is_(None)


def _waiting(ended: datetime) -> Select[uuid.UUID]:
    """The runs that had ended by a moment and are not screened, the newest first."""
    over = func.coalesce(Run.ended_at, Run.started_at) <= ended
    return select(Run.id).where(*_unscreened(), over).order_by(Run.started_at.desc(), Run.id.desc())


async def waiting(engine: AsyncEngine) -> Waiting:
    """What waits in all tenants together, read tenant by tenant: no role sees several.

    Imported runs wait, too, but since their import, not since they ended, maybe years ago: ``since`` is of others.
    """
    runs, since = 0, None
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            ended = func.min(func.coalesce(Run.ended_at, Run.started_at)).filter(
                ~Run.tags.contains([IMPORTED_TAG])
            )
            number, oldest = (await session.execute(select(func.count(), ended).where(*_unscreened()))).one()
        runs += number
        since = min(filter(None, (since, oldest)), default=None)
    return Waiting(runs, since)


async def gauges(engine: AsyncEngine) -> list[Metric]:
    """How far screening lags behind, for Prometheus."""
    runs, since = await waiting(engine)
    age = (now() - since).total_seconds() if since is not None else 0.0
    return [
        GaugeMetricFamily("whorl_screening_waiting_runs", "Runs that ended and are not screened yet", value=runs),
        GaugeMetricFamily(
            "whorl_screening_waiting_seconds", "Since the oldest run that is not screened yet ended", value=max(0.0, age)
        ),
    ]  # fmt: skip


def main() -> None:
    """Screen what waits in the database that standard input names."""
    asyncio.run(_sweep(*pickle.load(sys.stdin.buffer)))


async def _sweep(url: str, priority: Priority, last: Collection[uuid.UUID]) -> None:
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what a library prints
    engine = create_engine(url)
    try:
        await sweep(
            engine,
            compute=Aside(priority).run,
            last=last,
            begun=lambda ids: print(*ids, file=told, flush=True),
        )
    finally:
        await engine.dispose()


if __name__ == "__main__":
    main()
