"""Judging stored runs: each once, as outcomes of kind ``judge``."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ...agents.tables import Run
from ...platform.database.base import now
from ...platform.database.session import tenant_session
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.telemetry.redaction.redactor import Redactor
from ..outcomes import Feedback, record_outcome
from ..rows import Row, plain
from ..trajectory import trajectories


class Attempted(NamedTuple):
    """What is judged: the chat so far, what the assistant says next, and the tools that it had."""

    prompt: list[Row]
    answer: str
    tools: list[Row]


class Opinion(NamedTuple):
    """What a judge thinks of an answer: its worth, 0 to 1, why, and what the judge itself measured."""

    value: float
    reason: str = ""
    details: dict[str, Any] | None = None


class Counted(NamedTuple):
    """How many runs were judged, and of how many the judge's words were no verdict."""

    judged: int
    unreadable: int


Ask = Callable[[Sequence[Attempted]], Awaitable[Sequence[Opinion | None]]]


async def judge_runs(
    engine: AsyncEngine, actor: Actor, redactor: Redactor, name: str, ask: Ask, *, tag: str | None = None,
    limit: int | None = None, weight: float = 1.0,
) -> Counted:  # fmt: skip
    """Record what the judge ``name`` thinks of the last answer of each run, redacted as the run was.

    Runs that it has judged, or that cannot be trained on, are passed over; ``limit`` is how many it is
    asked about at most, the oldest first.
    """
    actor.require("write")
    source = f"judge:{name}"
    wanted = await _unjudged(engine, actor, source, tag, limit)
    opinions = await ask(list(wanted.values()))
    given = 0
    async with tenant_session(engine, actor.tenant_id) as session:
        for run_id, opinion in zip(wanted, opinions, strict=True):
            if opinion is None:
                continue
            outcome = Feedback("judge", opinion.value, source, weight=weight, text=opinion.reason or None)
            await record_outcome(session, actor.tenant_id, run_id, outcome, redactor, details=opinion.details)
            given += 1
        record(session, actor, "runs.judged", name, runs=given, tag=tag)
    return Counted(given, len(wanted) - given)


async def _unjudged(
    engine: AsyncEngine, actor: Actor, source: str, tag: str | None, limit: int | None
) -> dict[uuid.UUID, Attempted]:
    wanted: dict[uuid.UUID, Attempted] = {}
    async with tenant_session(engine, actor.tenant_id) as session:
        query = select(Run.id).where(Run.status == "succeeded").order_by(Run.id)
        if tag is not None:
            query = query.where(Run.tags.contains([tag]))
        async for run in trajectories(session, list(await session.scalars(query)), now()):
            if limit is not None and len(wanted) == limit:
                break
            if not run.trainable and not any(outcome.source == source for outcome in run.outcomes):
                answer = str(run.messages[-1]["content"])
                wanted[run.run_id] = Attempted(plain(run.messages[:-1]), answer, run.tools)
    return wanted
