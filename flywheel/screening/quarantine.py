"""Runs whose tools or retrievers returned something suspect: held until a person releases or confirms them."""

import uuid
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from anyio import to_thread
from sqlalchemy import literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ...agents.names import SHADOW_TAG
from ...agents.tables import Run
from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ...platform.errors import ConflictError, InputError, NotFoundError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record
from ...platform.portions import portions
from ..observations import Observation
from ..tables import Quarantine
from ..trajectory import pages, trajectories
from .anomaly import History
from .histories import learn
from .looks import known_looks, looks_at, text_digest
from .screener import Look, Screener, Verdict, default_screener, version

State = Literal["held", "released", "confirmed"]
Decision = Literal["released", "confirmed"]
STATES: tuple[State, ...] = get_args(State)
# Runs asked for at once.
_PAGE = 10_000


@dataclass(frozen=True)
class Flagged:
    """A tool's result that was flagged: which span, of which tool, and the verdict."""

    span_id: str
    tool: str
    verdict: Verdict

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return {"span_id": self.span_id, "tool": self.tool, **asdict(self.verdict)}


@dataclass
class RunScreen:
    """Screens runs in their order; what was not flagged becomes the history of its tool."""

    screener: Screener = field(default_factory=default_screener)
    histories: dict[str, History] = field(default_factory=dict)

    def judge(
        self,
        observations: Sequence[Observation],
        looks: Sequence[Look],
        released: bool = False,
        counted: Set[str] = frozenset(),
    ) -> list[Flagged]:
        """What is suspect in results that were looked at; in those of a released run nothing, and they are history.

        So they are already where the digest of the text is among the ``counted``.
        """
        flagged = []
        for seen, look in zip(observations, looks, strict=True):
            history = self.histories.setdefault(seen.tool, History())
            verdict = None if released else self.screener.judge(seen.text, look, history)
            if verdict is not None and verdict.flagged:
                flagged.append(Flagged(seen.span_id, seen.tool, verdict))
            elif not counted or text_digest(seen.text) not in counted:
                history.add(seen.text)
        return flagged


def state_at(entry: Quarantine, moment: datetime) -> State | None:
    """The state of an entry at a moment, or None where the run was not held yet."""
    if entry.held_at > moment:
        return None
    state: State = "held"
    for decision in entry.decisions:
        if datetime.fromisoformat(decision["at"]) <= moment:
            state = decision["state"]
    return state


async def states_at(
    session: AsyncSession, run_ids: Sequence[uuid.UUID], moment: datetime
) -> dict[uuid.UUID, State]:
    """The states at a moment of those of the runs that were held by then."""
    found: dict[uuid.UUID, State] = {}
    for page in portions(run_ids, _PAGE):
        for entry in await session.scalars(select(Quarantine).where(one_of(Quarantine.run_id, page))):
            if state := state_at(entry, moment):
                found[entry.run_id] = state
    return found


async def hold(
    session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID, flagged: list[Flagged]
) -> None:
    """Put a run into quarantine; one that is there already stays as it was decided."""
    await session.execute(
        insert(Quarantine)
        .values(
            tenant_id=tenant_id, run_id=run_id, state="held", held_at=now(), version=version(),
            findings=[each.stored() for each in flagged], decisions=[],
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


async def screen_runs(session: AsyncSession, actor: Actor, limit: int) -> tuple[int, int]:
    """Screen the latest ``limit`` runs that ended and are not in quarantine: how many, and how many were held; audited."""
    actor.require("write")
    decided = select(Quarantine.run_id)
    wanted = (Run.status == "succeeded", Run.id.not_in(decided), ~Run.tags.contains([SHADOW_TAG]))
    query = select(Run.id).where(*wanted).order_by(Run.id.desc())
    run_ids = sorted(await session.scalars(query.limit(limit)))
    screen, held = RunScreen(), 0
    async for page in pages(trajectories(session, run_ids, now())):
        known = await known_looks(session, [run.run_id for run in page])
        looks = await to_thread.run_sync(looks_at, page, known, screen.screener)
        for run, seen in zip(page, looks, strict=True):
            if flagged := screen.judge(run.observations, seen):
                await hold(session, actor.tenant_id, run.run_id, flagged)
                held += 1
    record(session, actor, "quarantine.screened", str(len(run_ids)), held=held)
    return len(run_ids), held


async def list_quarantine(
    session: AsyncSession, state: State | None = None, limit: int = 100, before: uuid.UUID | None = None
) -> list[Quarantine]:
    """Entries, the last that was held first, of one state or of all; those held before a run where one is given."""
    place = tuple_(Quarantine.held_at, Quarantine.run_id)
    query = select(Quarantine).order_by(Quarantine.held_at.desc(), Quarantine.run_id.desc()).limit(limit)
    if state is not None:
        query = query.where(Quarantine.state == state)
    if before is not None:
        held = select(Quarantine.held_at).where(Quarantine.run_id == before).scalar_subquery()
        query = query.where(place < tuple_(held, literal(before)))
    return list(await session.scalars(query))


async def decide(
    session: AsyncSession, actor: Actor, run_id: uuid.UUID, decision: Decision, note: str = ""
) -> Quarantine:
    """Release or confirm a run; the decision is kept with its moment and audited.

    Raises NotFoundError for a run that is not in quarantine, ConflictError for one that is decided
    so already, InputError for a decision there is none of.
    """
    if decision not in get_args(Decision):
        raise InputError(f"A run in quarantine is released or confirmed, not {decision!r}.")
    entry = await session.scalar(select(Quarantine).where(Quarantine.run_id == run_id).with_for_update())
    if entry is None:
        raise NotFoundError(f"The run {run_id} is not in quarantine.")
    if entry.state == decision:
        raise ConflictError(f"The run {run_id} is {decision} already.")
    made = {"state": decision, "at": now().isoformat(), "by": actor.label, "note": note}
    entry.decisions = [*entry.decisions, made]
    entry.state = decision
    if decision == "released":
        flagged = {finding["span_id"] for finding in entry.findings}
        async for run in trajectories(session, [run_id], now()):
            right = [seen for seen in run.observations if seen.span_id in flagged]
            await learn(session, actor.tenant_id, right)
    record(session, actor, f"quarantine.{decision}", str(run_id), note=note)
    return entry
