"""Stored runs judged one by one: redacted, within a budget of calls, each once by each judge."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ...agents.tables import Run
from ...platform.database.base import now
from ...platform.database.session import held, tenant_session
from ...platform.errors import InputError, WhorlError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.telemetry.redaction.redactor import Redactor
from ..consent import consents_of
from ..datasets import Selection, select_runs
from ..outcomes import Feedback, record_outcome
from ..tables import Outcome
from ..trajectory import Trajectory, trajectories
from .base import Answered, Judge, Score, Scoring

# Runs that are judged at a time, and stored together.
PAGE = 8
MOST_CALLS = 1000
# A judge speaks half as loud as a person.
WEIGHT = 0.5
Progress = Callable[[int, int], None]


@dataclass
class JudgedRuns:
    """What judging did: new outcomes, runs of an earlier time, and why others have none.

    ``over_budget`` runs are left for another time.
    """

    judged: int = 0
    known: int = 0
    over_budget: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    total: float = 0.0

    def report(self) -> dict[str, Any]:
        """The counts as JSON values."""
        mean = round(self.total / self.judged, 4) if self.judged else None
        return {
            "judged": self.judged, "known": self.known, "over_budget": self.over_budget,
            "left_out": dict(sorted(self.left_out.items())), "mean": mean,
        }  # fmt: skip


async def judge_runs(
    engine: AsyncEngine,
    actor: Actor,
    redactor: Redactor,
    judge: Judge,
    selection: Selection | None = None,
    *,
    weight: float = WEIGHT,
    most_calls: int = MOST_CALLS,
    progress: Progress = lambda done, total: None,
) -> JudgedRuns:
    """Store what a judge thinks of the last answer of each selected run, as outcomes of kind ``judge``.

    The judge reads what the store holds, which is redacted. Runs that it has judged, that cannot be
    trained on, or whose users object to training are passed over; where a verdict cannot be read,
    nothing is stored, and the run is asked again another time.

    Raises InputError for a weight or budget that cannot be, or a judge that only compares; an error
    of the model server after what was judged before it is stored.
    """
    actor.require("write")
    if not 0 <= weight <= 1 or most_calls < 1:
        raise InputError(
            f"A judge's weight lies between 0 and 1 and its budget is at least 1 call, not {weight:g} and {most_calls}."
        )
    done = JudgedRuns()
    scores = judge.scores
    async with held(engine, f"judging:{actor.tenant_id}:{judge.recipe.source}"):
        wanted = await _wanted(engine, actor, judge, selection or Selection(), done)
        room = most_calls
        while wanted and room:
            page, wanted = wanted[:PAGE], wanted[PAGE:]
            runs = await _readable(engine, actor, page, done)
            said, failure = await _ask(scores, runs[:room])
            await _store(engine, actor, redactor, judge, weight, said, done)
            if failure is not None:
                raise failure
            done.over_budget = len(runs[room:]) + len(wanted)
            room = max(0, room - len(runs))
            progress(done.judged, done.judged + done.over_budget)
    return done


async def _wanted(
    engine: AsyncEngine, actor: Actor, judge: Judge, selection: Selection, done: JudgedRuns
) -> list[uuid.UUID]:
    """The selected runs that the judge has not judged."""
    async with tenant_session(engine, actor.tenant_id) as session:
        selected = await select_runs(session, selection)
        given = select(Outcome.run_id).where(Outcome.kind == "judge", Outcome.source == judge.recipe.source)
        known = set(await session.scalars(given))
    done.known = sum(run_id in known for run_id in selected)
    return [run_id for run_id in selected if run_id not in known]


async def _readable(
    engine: AsyncEngine, actor: Actor, run_ids: list[uuid.UUID], done: JudgedRuns
) -> list[Trajectory]:
    """The runs that have an answer and whose users do not object."""
    async with tenant_session(engine, actor.tenant_id) as session:
        consents = await consents_of(session, actor.tenant_id)
        runs = [run async for run in trajectories(session, run_ids, now())]
    readable = []
    for run in runs:
        reason = run.trainable if consents.allow(run.user_id) else "no consent"
        if reason:
            done.left_out[reason] += 1
        else:
            readable.append(run)
    return readable


async def _ask(scores: Scoring, runs: list[Trajectory]) -> tuple[dict[uuid.UUID, Score], WhorlError | None]:
    """The scores by run, and the first error where a call failed."""
    said: dict[uuid.UUID, Score] = {}
    failures: list[WhorlError] = []

    async def ask(run: Trajectory) -> None:
        try:
            said[run.run_id] = await scores.score(answered(run))
        except WhorlError as error:
            failures.append(error)

    async with anyio.create_task_group() as group:
        for run in runs:
            group.start_soon(ask, run)
    return said, failures[0] if failures else None


def answered(run: Trajectory) -> Answered:
    """A run as a judge reads it: the last question, the last answer, and what the tools returned."""
    shown = tuple(observation.text for observation in run.observations if observation.text)
    return Answered(run.question, str(run.messages[-1]["content"]), passages=shown)


async def _store(
    engine: AsyncEngine,
    actor: Actor,
    redactor: Redactor,
    judge: Judge,
    weight: float,
    said: dict[uuid.UUID, Score],
    done: JudgedRuns,
) -> None:
    source, details = judge.recipe.source, judge.recipe.manifest()
    stored = 0
    async with tenant_session(engine, actor.tenant_id) as session:
        # A judge takes its time: what was deleted meanwhile must not cost the others their verdicts.
        there = set(
            await session.scalars(select(Run.id).where(Run.id.in_(said)).with_for_update(key_share=True))
        )
        for run_id, score in said.items():
            if run_id not in there:
                done.left_out["deleted meanwhile"] += 1
                continue
            if score.value is None:
                done.left_out[score.trouble] += 1
                continue
            given = Feedback("judge", score.value, source, weight, score.reason)
            await record_outcome(session, actor.tenant_id, run_id, given, redactor, details)
            stored, done.total = stored + 1, done.total + score.value
        if stored:
            record(session, actor, "runs.judged", source, runs=stored, server=judge.server or None)
    done.judged += stored
