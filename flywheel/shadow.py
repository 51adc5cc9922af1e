"""Shadow runs: a candidate answers a share of live questions, too, unseen, after the user has their answer."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ..agents.events import RunEnded, ToolEnded, ToolStarted
from ..agents.execution import Finished
from ..agents.names import SHADOW_TAG
from ..agents.prompt import REFUSAL
from ..agents.runs import Agents, RunRequest
from ..agents.tables import Run
from ..agents.toolbox import Toolbox
from ..agents.tools.base import Observation, Tool, ToolContext
from ..platform.database.session import tenant_session
from ..platform.errors import ModelSignal, WhorlError
from ..platform.logs import log_failure
from ..platform.serving.tables import Trial
from ..platform.serving.trials import falls_in, open_trial
from .curate import EVALUATION_TAG
from .recordings import canonical
from .statistics import wilson_interval
from .tables import Shadow
from .verifiers.text import CITATION, normalise, says

_log = logging.getLogger(__name__)
SHADOWS = Counter(
    "whorl_shadow_runs", "Live runs that a shadow answered, too, failed at, or had no room for", ["result"]
)
# Shadow runs at once, and at most so many waiting; what comes on top is not answered twice.
AT_ONCE, WAITING = 1, 16
# Seconds that a closing process waits for the one that is being answered.
PATIENCE = 20.0


class Shadows:
    """Follows live runs; ``follow`` returns at once, the work is done in the background."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: set[asyncio.Task[None]] = set()

    def follow(self, finished: Finished) -> None:
        """Consider a run that has ended."""
        request = finished.request
        if (
            request.adapter is not None
            or EVALUATION_TAG in request.tags
            or finished.ended.status != "succeeded"
        ):
            return
        if len(self._tasks) >= WAITING:
            SHADOWS.labels("no_room").inc()
            return
        task = asyncio.create_task(self._answer(finished))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    async def settle(self) -> None:
        """Wait until every run that was followed so far is done with."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Finish the shadow that is being answered within ``PATIENCE``; those that wait are given up."""
        for task in self._tasks - self._begun:
            task.cancel()
        if self._begun:
            await asyncio.wait(set(self._begun), timeout=PATIENCE)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            SHADOWS.labels("failed").inc()
            log_failure(_log, "A shadow run failed", error)

    async def _answer(self, finished: Finished) -> None:
        async with self._room:
            task = asyncio.current_task()
            assert task is not None
            self._begun.add(task)
            try:
                await self._tried(finished)
            finally:
                self._begun.discard(task)

    async def _tried(self, finished: Finished) -> None:
        actor, run_id = finished.actor, finished.ended.run_id
        async with tenant_session(self._agents.engine, actor.tenant_id) as session:
            trial = await open_trial(session, finished.request.agent, "shadow")
            run = await session.get(Run, (actor.tenant_id, run_id))
        if (
            trial is None
            or run is None
            or not falls_in(trial.id, str(run.conversation_id or run_id), trial.share)
        ):
            return
        try:
            ended = await self._agents.answer(actor, shadow_request(finished, trial, self._agents.toolbox))
        except WhorlError:
            SHADOWS.labels("failed").inc()
            return
        await self._store(finished, trial, ended)
        SHADOWS.labels("answered").inc()

    async def _store(self, finished: Finished, trial: Trial, ended: RunEnded) -> None:
        live = finished.ended
        async with tenant_session(self._agents.engine, finished.actor.tenant_id) as session:
            session.add(
                Shadow(
                    tenant_id=finished.actor.tenant_id, run_id=live.run_id, trial_id=trial.id,
                    shadow_run_id=ended.run_id, agrees=ending(live) == ending(ended),
                    same_words=normalise(says(live.answer)) == normalise(says(ended.answer)),
                )
            )  # fmt: skip


def shadow_request(finished: Finished, trial: Trial, toolbox: Toolbox) -> RunRequest:
    """The same prompt for the candidate: no conversation, no checkpoint, no tool that changes anything."""
    request = finished.request
    return RunRequest(
        request.question, agent=request.agent, adapter=trial.candidate, sampling=request.sampling,
        history=finished.messages[1:-1], keep=False, checkpoint=False, tags=(SHADOW_TAG,), metered=False,
        instructions=request.instructions, answer_tokens=request.answer_tokens,
        toolbox=replaying(request.toolbox or toolbox, finished.tools),
    )  # fmt: skip


def replaying(toolbox: Toolbox, recorded: Sequence[ToolStarted | ToolEnded]) -> Toolbox:
    """The same tools, without effects: read-only ones run, the others repeat what the live run's same call returned."""
    seen: dict[tuple[str, str], Observation] = {}
    asked: dict[str, str] = {}
    for event in recorded:
        if isinstance(event, ToolStarted):
            asked[event.call_id] = event.arguments
        else:
            key = event.name, canonical(asked.get(event.call_id, ""))
            seen[key] = Observation(event.result, list(event.citations), event.is_error)
    return Toolbox(tool if tool.read_only else _repeating(tool, seen) for tool in toolbox)


def _repeating(tool: Tool, seen: dict[tuple[str, str], Observation]) -> Tool:
    async def repeat(arguments: dict[str, Any], context: ToolContext) -> Observation:
        known = seen.get((tool.name, canonical(arguments)))
        if known is None:
            raise ModelSignal(f"The tool {tool.name} is not called here.")
        return known

    return replace(tool, function=repeat)


def ending(ended: RunEnded) -> str:
    """What kind of end a run came to: failed, refused, cited or answered."""
    if ended.status != "succeeded":
        return "failed"
    if normalise(says(ended.answer)) == normalise(REFUSAL):
        return "refused"
    return "cited" if CITATION.search(ended.answer) else "answered"


class Side(NamedTuple):
    """Means of a run: tokens read and written, and seconds."""

    tokens: float
    seconds: float


async def shadow_report(session: AsyncSession, trial: Trial) -> dict[str, Any]:
    """How often the candidate ended as the live run did, in how many the same words, and what both cost."""
    live, shadow = aliased(Run), aliased(Run)
    query = (
        select(Shadow, live, shadow)
        .join(live, live.id == Shadow.run_id)
        .join(shadow, shadow.id == Shadow.shadow_run_id)
        .where(Shadow.trial_id == trial.id)
    )
    rows = (await session.execute(query)).all()
    agreed = sum(row[0].agrees for row in rows)
    return {
        "n": len(rows), "agreed": agreed, "interval": [round(end, 4) for end in wilson_interval(agreed, len(rows))],
        "same_words": sum(row[0].same_words for row in rows),
        "live": _mean([row[1] for row in rows])._asdict(), "shadow": _mean([row[2] for row in rows])._asdict(),
    }  # fmt: skip


def _mean(runs: list[Run]) -> Side:
    if not runs:
        return Side(0.0, 0.0)
    tokens = sum(run.input_tokens + run.output_tokens for run in runs) / len(runs)
    return Side(
        tokens,
        sum((run.ended_at - run.started_at).total_seconds() for run in runs if run.ended_at) / len(runs),
    )
