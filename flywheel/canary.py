"""The canary: what its conversations earned beside the others', and what follows from it."""

import uuid
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.names import SHADOW_TAG
from ..agents.tables import Run
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.adapters import find_adapter
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Trial
from ..platform.serving.trials import Verdict, open_trials, trial_tag
from .curate import EVALUATION_TAG, MOST_OF_ONE, Balance
from .outcomes import Said, opinions_of, reward_of
from .promotion import end_trial, promote
from .sequential import ALPHA, Arm, Difference, difference_interval
from .spool import Spool
from .tables import Outcome
from .trajectory import PAGE

# A candidate that is certain to lose less than MARGIN is not worse, once it was judged in LEAST conversations.
MARGIN, LEAST = 0.05, 50


@dataclass(frozen=True)
class Judged:
    """A run of an arm: its conversation, what was said of it, and what it is worth."""

    conversation: uuid.UUID
    outcomes: Sequence[Said]
    reward: float


@dataclass(frozen=True)
class Look:
    """What a look at a canary found."""

    candidate: Arm
    incumbent: Arm
    interval: Difference
    verdict: Verdict

    def report(self) -> dict[str, Any]:
        """As JSON values."""
        arms = {"candidate": self.candidate, "incumbent": self.incumbent}
        return {
            **{name: {"n": arm.n, "total": arm.total, "success": arm.success} for name, arm in arms.items()},
            "interval": [round(end, 4) for end in self.interval], "verdict": self.verdict, "alpha": ALPHA,
        }  # fmt: skip


async def look(engine: AsyncEngine, servers: ModelServers, actor: Actor, trial_id: uuid.UUID) -> Verdict:
    """Test a canary and do what follows: worse is rolled back, ready is said, or promoted where it was so begun."""
    async with tenant_session(engine, actor.tenant_id) as session:
        trial = await session.get_one(Trial, (actor.tenant_id, trial_id), with_for_update=True)
        if trial.ended_at is not None or trial.stage != "canary":
            return trial.verdict  # type: ignore[return-value]
        found = decide(*await arms(session, trial))
        trial.report = found.report()
        if found.verdict == "ready" and trial.verdict != "ready":
            record(session, actor, "canary.ready", trial.candidate, agent=trial.agent, **trial.report)
        if found.verdict != "worse":
            trial.verdict = found.verdict
    if found.verdict == "worse":
        await end_trial(engine, servers, actor, trial, "worse", _why(found))
    if found.verdict == "ready" and trial.auto:
        await _promote(engine, servers, actor, trial)
    return found.verdict


async def look_at_all(engine: AsyncEngine, servers: ModelServers, actor: Actor) -> int:
    """Test every open canary of the tenant; returns how many there are."""
    async with tenant_session(engine, actor.tenant_id) as session:
        canaries = [trial for trial in await open_trials(session) if trial.stage == "canary"]
    for trial in canaries:
        await look(engine, servers, actor, trial.id)
    return len(canaries)


async def canary_of(session: AsyncSession, run_id: uuid.UUID) -> Trial | None:
    """The open canary that a run counts in."""
    tags = await session.scalar(select(Run.tags).where(Run.id == run_id)) or []
    trials = await open_trials(session)
    return next((trial for trial in trials if trial.stage == "canary" and trial_tag(trial.id) in tags), None)


def decide(candidate: Arm, incumbent: Arm) -> Look:
    """The verdict of the sequential test.

    >>> [decide(Arm(60, good), Arm(500, 400)).verdict for good in (20, 45, 60)]
    ['worse', 'undecided', 'ready']
    """
    interval = difference_interval(candidate, incumbent)
    verdict: Verdict = "undecided"
    if interval.high < 0:
        verdict = "worse"
    elif interval.low > 0 or (interval.low > -MARGIN and candidate.n >= LEAST):
        verdict = "ready"
    return Look(candidate, incumbent, interval, verdict)


async def arms(session: AsyncSession, trial: Trial) -> tuple[Arm, Arm]:
    """What candidate and incumbent earned.

    The unit is the conversation, which is what was drawn; its value is the mean reward of its judged runs.
    A run that failed is worth 0, judged or not. No one person decides most of an arm, as in datasets.
    """
    with Spool[Judged]() as candidate, Spool[Judged]() as incumbent:
        async for adapter, run in _judged(session, trial):
            (candidate if adapter == trial.candidate else incumbent).add(run)
        return await to_thread.run_sync(_arm, candidate), await to_thread.run_sync(_arm, incumbent)


async def _judged(session: AsyncSession, trial: Trial) -> AsyncIterator[tuple[str | None, Judged]]:
    """The runs of a trial that are worth something, each with its adapter; read a page at a time, without content."""
    counted = Run.tags.contains([trial_tag(trial.id)]), Run.started_at >= trial.started_at
    unasked = (~Run.tags.contains([tag]) for tag in (EVALUATION_TAG, SHADOW_TAG))
    over = or_(Run.status == "failed", exists().where(Outcome.run_id == Run.id))
    query = (
        select(Run.id, Run.conversation_id, Run.adapter, Run.status)
        .where(Run.agent == trial.agent, *counted, *unasked, over)
        .order_by(Run.id)
    )
    rows = await session.stream(query.execution_options(yield_per=PAGE))
    async for page in rows.partitions():
        said = await opinions_of(session, [run.id for run in page])
        for run in page:
            opinions = said.get(run.id, [])
            reward = 0.0 if run.status == "failed" else reward_of(opinions)
            if reward is not None:
                yield run.adapter, Judged(run.conversation_id or run.id, opinions, reward)


def _arm(side: Spool[Judged]) -> Arm:
    balance = Balance(MOST_OF_ONE)
    for run in side:
        balance.count(run)
    if balance.applies:
        side.discard(balance.silences)
    conversations = side.groups(lambda run: str(run.conversation))
    means = array("d", (sum(run.reward for run in runs) / len(runs) for runs in conversations))
    return Arm(len(means), sum(means))


async def _promote(engine: AsyncEngine, servers: ModelServers, actor: Actor, trial: Trial) -> None:
    """Promote a canary that is ready; a gate that refuses by now leaves it ready, and says so in the audit log."""
    async with tenant_session(engine, actor.tenant_id) as session:
        approval = (await find_adapter(session, trial.candidate)).card.get("approval", {})
    begun_without = approval.get("without", ())
    try:
        await promote(
            engine, servers, actor, trial.candidate,
            agent=trial.agent, force=trial.forced, without=begun_without,
        )  # fmt: skip
    except ConflictError as error:
        async with tenant_session(engine, actor.tenant_id) as session:
            record(session, actor, "canary.not_promoted", trial.candidate, reason=error.message)


def _why(found: Look) -> str:
    candidate, incumbent = found.candidate, found.incumbent
    return (
        f"worse as a canary: {candidate.success:.0%} of {candidate.n} conversations in place of "
        f"{incumbent.success:.0%} of {incumbent.n} (difference {found.interval.low:+.1%} to {found.interval.high:+.1%})"
    )
