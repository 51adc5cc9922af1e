"""Live runs: they go on whether or not anybody listens, and can be followed, stopped and decided about."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ..platform.database.base import now
from ..platform.database.outage import AWAY, away
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, StoppingError, WhorlError
from ..platform.identity.access import Actor
from ..platform.logs import log_failure
from .approvals import Decided, decide
from .conversations import find_run, steered_run
from .endings import cancelled, interrupted, unstored
from .events import CallDecided, RunEnded, RunEvent, RunStarted, RunWaiting, Spent
from .graph import Decision
from .journal import ENDED, PAUSED, Told, ending, last_event, last_number, store, stored, told
from .runs import Agents, RunRequest
from .tables import Run
from .waiting import end_cancelled, give_up

_log = logging.getLogger(__name__)
# Seconds between two writes of what a run told, and between two looks at what another process stored.
WRITE, LOOK = 0.25, 0.5
# For so long after a run's end its last events may still be on their way, which tell more than its row does.
SETTLED = timedelta(seconds=2)
# Looks for a request to stop are as many writes apart.
STOP_LOOKS = 8
# Seconds after which a stream that has nothing to tell says so, so that proxies keep it open.
IDLE = 15.0
# Seconds that a process has to write down its last events; after that it is taken to be dead.
SETTLING = 5.0
RESTS = (RunWaiting.event, CallDecided.event)
# Seconds that a closing process waits for its runs.
PATIENCE = 20.0


def _cancel_once(task: "asyncio.Task[None]") -> None:
    """Cancel a run's task unless it was: a second time would cut off the storing of its end."""
    if not task.cancelling():
        task.cancel()


@dataclass
class _Live:
    """A run of this process: what it told in this stretch, from number ``first`` on."""

    actor: Actor
    run_id: uuid.UUID
    first: int
    events: list[Told] = field(default_factory=list)
    written: int = 0
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    def tell(self, event: RunEvent) -> None:
        self.events.append(told(self.first + len(self.events), event))
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def stop(self) -> None:
        """Cancel the run, once."""
        if self.task is not None:
            _cancel_once(self.task)

    def after(self, number: int) -> list[Told]:
        return self.events[max(0, number + 1 - self.first) :]


async def _unheard(decided: Decided, actor: Actor) -> None:
    """Nobody wants to know of decisions."""


class LiveRuns:
    """Runs of this process in the background; those of others are followed through the database.

    ``decided`` is told of every decision about a call, once it is stored.
    """

    def __init__(self, agents: Agents) -> None:
        self.agents, self.engine = agents, agents.engine
        self.decided: Callable[[Decided, Actor], Awaitable[None]] = _unheard
        self._live: dict[uuid.UUID, _Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, actor: Actor, request: RunRequest) -> RunStarted:
        """Begin a run; raises what ``Agents.stream`` does before its first event."""
        begun: asyncio.Future[RunStarted] = asyncio.get_running_loop().create_future()
        self._spawn(self._begin(actor, request, begun))
        return await begun

    async def follow(
        self, actor: Actor, run_id: uuid.UUID, after: int = 0
    ) -> AsyncGenerator[Told | None, None]:
        """The events of a run with greater numbers, to its end; None where nothing happened for ``IDLE`` seconds.

        In a process that is being stopped the events of another's run end early.
        """
        quiet = 0.0
        while True:
            live = self._live.get(run_id)
            changed = live.changed if live else None
            news = live.after(after) if live and after + 1 >= live.first else []
            if not news and (live is None or after + 1 < live.first):
                with suppress(*AWAY):  # then nothing is new yet
                    news = await self._stored(actor, run_id, after)
            for event in news:
                yield event
                after = event.number
                if event.event == ENDED:
                    return
            if news:
                quiet = 0.0
                continue
            if self.agents.stopped and live is None:
                return
            if quiet >= IDLE:
                yield None
                quiet = 0.0
            quiet += await _wait(changed)

    async def result(self, actor: Actor, run_id: uuid.UUID) -> Told:
        """The event with which a run comes to its end, or to wait for a person."""
        async with aclosing(self.follow(actor, run_id)) as events:
            async for event in events:
                if event is not None and event.event in PAUSED:
                    return event
        raise StoppingError

    async def cancel(self, actor: Actor, run_id: uuid.UUID) -> None:
        """Stop a run, here or in the process that it is in; one that was stopped before stays so.

        Raises NotFoundError for a run that the actor may not stop, ConflictError for one that is over or
        ends with the connection that asked for it.
        """
        await self._paused(actor, run_id)
        async with tenant_session(self.engine, actor.tenant_id) as session:
            run = await steered_run(session, actor, run_id)
            if run.status == "cancelled":
                return
            if run.status not in ("running", "waiting"):
                raise ConflictError(f"The run {run_id} is over: it {run.status}.")
            last = await last_number(session, run_id)
            live = self._live.get(run_id)
            if live is None and last == 0:
                raise ConflictError(f"The run {run_id} ends with the connection that asked for it.")
            run.cancel_at = now()
            if run.status == "waiting":
                await give_up(session, run)
                return
        if live is not None and live.task is not None:
            live.stop()
            await asyncio.wait([live.task])

    async def decide(self, actor: Actor, run_id: uuid.UUID, call_id: str, decision: Decision) -> Decided:
        """Store a decision about a call; with the last one of its step the run goes on in this process."""
        await self._paused(actor, run_id)
        async with tenant_session(self.engine, actor.tenant_id) as session:
            decided = await decide(session, actor, run_id, call_id, decision)
            last = await last_number(session, run_id)
            event = told(last + 1, CallDecided(call_id, decision["verdict"], actor.label))
            await store(session, actor.tenant_id, run_id, [event])
        if decided.decisions is not None:
            self._spawn(self._go_on(actor, run_id, decided.decisions, event.number + 1))
        await self.decided(decided, actor)
        return decided

    async def _paused(self, actor: Actor, run_id: uuid.UUID) -> None:
        """Let the process that a waiting run was in write down that it waits, so that numbers follow on."""
        for _ in range(round(SETTLING / LOOK)):
            async with tenant_session(self.engine, actor.tenant_id) as session:
                run = await find_run(session, run_id)
                last = await last_event(session, run_id)
                if run.status != "waiting" or (last is not None and last.event in RESTS):
                    return
            await asyncio.sleep(LOOK)

    async def settle(self) -> None:
        """Wait until what this process carries is done and written down."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Wait for the runs within ``PATIENCE``, then cancel those that are left."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=PATIENCE)
        left = set(self._tasks)
        for task in left:
            _cancel_once(task)
        if left:
            await asyncio.wait(left)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_failure(_log, "A live run failed", error)

    async def _begin(self, actor: Actor, request: RunRequest, begun: "asyncio.Future[RunStarted]") -> None:
        async with aclosing(self.agents.stream(actor, request)) as events:
            try:
                first = await anext(events)
            except BaseException as error:
                if begun.done():
                    raise
                begun.set_exception(error)
                return
            assert isinstance(first, RunStarted)
            live = self._open(actor, first.run_id, 1)
            live.tell(first)
            if not begun.done():
                begun.set_result(first)
            await self._carry(live, events)

    async def _go_on(
        self, actor: Actor, run_id: uuid.UUID, decisions: dict[str, Decision], number: int
    ) -> None:
        live = self._open(actor, run_id, number)
        async with aclosing(self.agents.resume(actor, run_id, decisions)) as events:
            await self._carry(live, events)

    def _open(self, actor: Actor, run_id: uuid.UUID, first: int) -> _Live:
        live = _Live(actor, run_id, first, task=asyncio.current_task())
        self._live[run_id] = live
        return live

    async def _carry(self, live: _Live, events: AsyncGenerator[RunEvent, None]) -> None:
        """Take what a run tells until it ends or waits for a person, and write it down beside."""
        writer = asyncio.create_task(self._write(live))
        try:
            async for event in events:
                live.tell(event)
        except asyncio.CancelledError:
            await events.aclose()
            live.tell(await self._cut_off(live, for_good=True))
        except StoppingError as error:
            live.tell(interrupted(await self._cut_off(live), error))
        except (WhorlError, *AWAY) as error:
            failure = error if isinstance(error, WhorlError) else away()
            _log.warning("A run came to no stored end: %s", type(error).__name__)
            live.tell(unstored(live.run_id, failure))
        finally:
            live.over = True
            live.wake()
            try:
                await asyncio.shield(writer)
            finally:
                self._live.pop(live.run_id, None)
                live.wake()

    async def _cut_off(self, live: _Live, *, for_good: bool = False) -> RunEnded:
        """The end of a run that was left in the middle, as it is stored.

        One that had not gone on yet has none: where it is left ``for_good``, it is ended here.
        """
        async with tenant_session(self.engine, live.actor.tenant_id) as session:
            if (ended := await ending(session, live.run_id)) is not None:
                return ended
            own = select(Run).where(Run.id == live.run_id, Run.status == "running").with_for_update()
            if for_good and (run := await session.scalar(own)) is not None:
                return await end_cancelled(session, run)
        return cancelled(live.run_id, Spent())

    async def _write(self, live: _Live) -> None:
        """Store what is told, as it is told; look now and then whether the run is to be stopped."""
        looks = 0
        while not live.over or live.written < len(live.events):
            looks += 1
            try:
                await self._write_once(live, look=looks % STOP_LOOKS == 0)
            except SQLAlchemyError as error:
                _log.warning("Events of a run wait: %s", type(error).__name__)
                if live.over:
                    return
            if live.over and live.written == len(live.events):
                return
            await asyncio.sleep(WRITE)

    async def _write_once(self, live: _Live, *, look: bool) -> None:
        new = live.events[live.written :]
        if not new and not look:
            return
        async with tenant_session(self.engine, live.actor.tenant_id) as session:
            if new:
                await store(session, live.actor.tenant_id, live.run_id, new)
            wanted = await session.scalar(select(Run.cancel_at).where(Run.id == live.run_id))
        live.written += len(new)
        if wanted is not None and not live.over:
            live.stop()

    async def _stored(self, actor: Actor, run_id: uuid.UUID, after: int) -> list[Told]:
        """What the database has, with the end of a run whose last events are forgotten or were never written.

        Whoever has seen the end, or says to have seen more, is told the end again.
        """
        async with tenant_session(self.engine, actor.tenant_id) as session:
            ended = await ending(session, run_id, SETTLED)
            found = await stored(session, run_id, after)
            if found or ended is None or run_id in self._live:
                return found
            last = await last_event(session, run_id)
        if last is not None and last.event == ENDED:
            return [last]
        return [told(max(last.number if last else 0, after) + 1, ended)]


async def _wait(changed: asyncio.Event | None) -> float:
    """Wait for something to happen; for how many seconds nothing did."""
    if changed is None:
        await asyncio.sleep(LOOK)
        return LOOK
    try:
        await asyncio.wait_for(changed.wait(), IDLE)
    except TimeoutError:
        return IDLE
    return 0.0
