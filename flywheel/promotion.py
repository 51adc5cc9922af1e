"""Promotion: gated, tried in the shadow or as a canary, loaded everywhere, switched, drained; and back."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import anyio
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.definitions import require_agent
from ..agents.names import DEFAULT_AGENT
from ..agents.tables import Run
from ..platform.database.base import new_id, now
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, InputError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.adapters import (
    TRANSITIONS,
    State,
    check_move,
    find_adapter,
    find_answering,
    move,
    routed_adapter,
    switch_route,
)
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Adapter, Route, Trial
from ..platform.serving.trials import Stage, Verdict, close_trial, open_trial, open_trials
from .gate import HELD_OUT, Gate, gate_of, parse_left_out
from .measure import check_base

SHARE = 0.1
# Seconds that runs under way are waited for before an adapter is unloaded, and between two looks.
PATIENCE, LOOK = 30.0, 0.1


class Admission(NamedTuple):
    """An adapter that may be tried or serve, whether the gate was passed over, the checks left out, and what its card says."""

    adapter: Adapter
    forced: bool
    left_out: list[str]
    note: dict[str, Any]


async def promote(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str, *,
    agent: str = DEFAULT_AGENT, force: bool = False, without: Iterable[str] = (),
) -> float:  # fmt: skip
    """Let an adapter answer for an agent; returns the swap time in milliseconds.

    The swap is load, probe and switch; the adapter that answered before is drained and unloaded
    afterwards. Raises ConflictError when the gate does not pass and ``force`` is not given; ``without``
    names checks that need not have been done. Raises NotFoundError for an adapter or an agent that there is not.
    """
    admitted = await _admit(engine, servers, actor, name, agent, "serving", force, without)
    started = time.perf_counter()
    with servers.hold(name):
        await servers.load_adapter(name, Path(admitted.adapter.folder))
        left = await _switch(
            engine,
            actor,
            agent,
            name,
            "adapter.promoted",
            note=admitted.note,
            forced=admitted.forced,
            without=admitted.left_out,
        )
    milliseconds = (time.perf_counter() - started) * 1000
    for each in left:
        await retire(engine, servers, actor, each)
    return milliseconds


async def start_trial(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str, stage: Stage, share: float = SHARE, *,
    agent: str = DEFAULT_AGENT, auto: bool = False, force: bool = False, without: Iterable[str] = (),
) -> Trial:  # fmt: skip
    """Try an adapter on a ``share`` of conversations: unseen (shadow), or as the one that answers (canary).

    ``auto`` promotes a canary that is ready. Raises ConflictError when the gate does not pass, when the
    adapter's state does not allow it or when another trial of the stage is open for the agent.
    """
    if not 0 < share <= (1 if stage == "shadow" else 0.9):
        most = "at most 1" if stage == "shadow" else "at most 0.9, so that the present one is measured, too"
        raise InputError(f"The share of a {stage} lies above 0 and is {most}; not {share}.")
    if auto and stage == "shadow":
        raise InputError("A shadow is promoted by nobody: only a canary can be promoted by itself.")
    admitted = await _admit(engine, servers, actor, name, agent, stage, force, without)
    trial = Trial(
        tenant_id=actor.tenant_id, id=new_id(), agent=agent, stage=stage, candidate=name, share=share, auto=auto,
        forced=admitted.forced, actor=actor.label,
    )  # fmt: skip
    try:
        with servers.hold(name):
            await servers.load_adapter(name, Path(admitted.adapter.folder))
            async with tenant_session(engine, actor.tenant_id) as session:
                await _open(session, actor, trial, admitted)
    except IntegrityError as error:
        raise ConflictError(
            f"Another {stage} of the agent {agent} was started at the same moment."
        ) from error
    return trial


async def rollback(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, *, agent: str = DEFAULT_AGENT
) -> str | None:
    """Take back what changed last: an open canary ends, else the adapter before answers again.

    Returns who answers now (None: the base model). Raises ConflictError when the base answers already,
    NotFoundError for an agent that there is not.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        canary = await open_trial(session, agent, "canary")
        route = await session.get(Route, (actor.tenant_id, agent))
        if canary is None and route is None:
            await require_agent(session, actor, agent)
        current, target = (route.adapter, route.previous) if route is not None else (None, None)
        earlier = await find_adapter(session, target) if target else None
    if canary is not None:
        await end_trial(engine, servers, actor, canary, "stopped", f"rolled back by {actor.label}")
        return current
    if current is None:
        raise ConflictError("The base model answers already: there is nothing to roll back.")
    if earlier is not None and "serving" not in (earlier.state, *TRANSITIONS[earlier.state]):
        target = None
    await serve(engine, servers, actor, agent, target, left=current)
    return target


async def stop_trials(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str, reason: str
) -> list[Trial]:
    """End every open trial of an adapter; nobody is asked by it from then on. Raises NotFoundError for none."""
    async with tenant_session(engine, actor.tenant_id) as session:
        await find_adapter(session, name)
        trials = await open_trials(session, candidate=name)
    for trial in trials:
        await end_trial(engine, servers, actor, trial, "stopped", reason)
    return trials


async def end_trial(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, trial: Trial, verdict: Verdict, reason: str
) -> bool:
    """End a trial: its conversations go back to the incumbent, and the candidate is drained and unloaded.

    A verdict of ``worse`` rejects the candidate, with the reason on its card. False where it had ended already.
    """
    async with tenant_session(engine, actor.tenant_id) as session:
        stored = await session.get_one(Trial, (actor.tenant_id, trial.id), with_for_update=True)
        if stored.ended_at is not None:
            return False
        await _end(session, actor, stored, verdict, reason)
    await retire(engine, servers, actor, trial.candidate)
    return True


async def serve(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, agent: str, target: str | None, *, left: str
) -> None:
    """Let an earlier adapter, or the base model (None), answer in place of ``left``."""
    with servers.hold(target or servers.base):
        if target is not None:
            async with tenant_session(engine, actor.tenant_id) as session:
                adapter = await find_adapter(session, target)
            await servers.load_adapter(adapter.name, Path(adapter.folder))
        gone = await _switch(engine, actor, agent, target, "adapter.rolled_back", left=left)
    async with tenant_session(engine, actor.tenant_id) as session:
        stored = await session.get(Route, (actor.tenant_id, agent))
        if stored is not None:
            stored.previous = None
    for each in gone:
        await retire(engine, servers, actor, each)


async def retire(engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str) -> bool:
    """Drain and unload an adapter that nobody is answered by any more; False where it stays loaded.

    It stays where a route or a trial names it, and where runs still hold it when the drain's time is
    over: none of them is cut.
    """
    async with tenant_session(engine, actor.tenant_id) as session:
        if await session.scalar(select(Route.agent).where(Route.adapter == name).limit(1)):
            return False
        if await open_trials(session, candidate=name):
            return False
    if not (await servers.drain(name, PATIENCE) and await _answered(engine, actor, name)):
        async with tenant_session(engine, actor.tenant_id) as session:
            record(session, actor, "adapter.left_loaded", name, reason="runs still hold it")
        return False
    await servers.unload_adapter(name)
    return True


async def _answered(engine: AsyncEngine, actor: Actor, name: str) -> bool:
    """Wait until no process has a run of the adapter under way; False when it takes too long."""
    running = select(Run.id).where(Run.adapter == name, Run.status == "running").limit(1)
    with anyio.move_on_after(PATIENCE):
        while True:
            async with tenant_session(engine, actor.tenant_id) as session:
                if await session.scalar(running) is None:
                    return True
            await anyio.sleep(LOOK)
    return False


async def serving_adapter(engine: AsyncEngine, actor: Actor, agent: str = DEFAULT_AGENT) -> str | None:
    """The adapter that answers for an agent now."""
    async with tenant_session(engine, actor.tenant_id) as session:
        return await routed_adapter(session, agent)


async def _admit(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str, agent: str, to: State, force: bool,
    without: Iterable[str],
) -> Admission:  # fmt: skip
    """Whether an adapter may come to a state; raises as ``promote`` does."""
    actor.require("administer")
    named = parse_left_out(without)
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await find_answering(session, name)
        await require_agent(session, actor, agent)
        gate = await gate_of(session, name)
        reason = gate.refusal(named)
        if adapter.state == "tainted":
            raise ConflictError(
                f"The adapter {name} is tainted: {adapter.card['tainted']['reason']}. Train another on the "
                "datasets as they are now."
            )
        check_base(adapter, servers)
        if adapter.state != to:
            check_move(adapter, to)
        if reason and not force:
            raise ConflictError(
                f"The adapter {name} does not pass the gate: {reason}. --without CHECK does without one that was "
                "not done, --force promotes it all the same."
            )
    left_out = gate.left_out(named)
    return Admission(adapter, bool(reason), left_out, _note(actor, to, gate, reason, left_out))


def _note(actor: Actor, to: State, gate: Gate, passed_over: str, left_out: list[str]) -> dict[str, Any]:
    """Who approves what without which checks, and what the gate said, for the adapter's card."""
    approval = {"by": actor.label, "name": actor.name, "at": now().isoformat(), "stage": to}
    told = {"passed_over": passed_over, "without": left_out}
    return {
        "approval": {**approval, **{key: value for key, value in told.items() if value}},
        "gate": {check.name: f"{check.verdict}: {check.reason}" for check in gate.checks},
    }


async def _open(session: AsyncSession, actor: Actor, trial: Trial, admitted: Admission) -> None:
    present = await open_trial(session, trial.agent, trial.stage)  # type: ignore[arg-type]
    if present is not None:
        raise ConflictError(
            f"{present.candidate} is the {trial.stage} of the agent {trial.agent}. Promote it or end its trial first."
        )
    for other in await open_trials(session, candidate=trial.candidate):
        await _end(session, actor, other, "stopped", f"the {trial.stage} begins")
    adapter = await find_adapter(session, trial.candidate, lock=True)
    adapter.card = {**adapter.card, **admitted.note}
    move(session, actor, adapter, trial.stage, agent=trial.agent)  # type: ignore[arg-type]
    trial.incumbent = await routed_adapter(session, trial.agent)
    session.add(trial)
    record(
        session, actor, f"{trial.stage}.started", trial.candidate, agent=trial.agent, share=trial.share,
        incumbent=trial.incumbent, auto=trial.auto, forced=trial.forced, without=admitted.left_out,
    )  # fmt: skip


async def _end(session: AsyncSession, actor: Actor, trial: Trial, verdict: Verdict, reason: str) -> None:
    """Close a trial, say so in the audit log, and bring its candidate to where that leads."""
    close_trial(trial, verdict)
    record(
        session,
        actor,
        f"{trial.stage}.ended",
        trial.candidate,
        agent=trial.agent,
        verdict=verdict,
        reason=reason,
    )
    adapter = await find_adapter(session, trial.candidate)
    if verdict == "worse":
        adapter.card = {**adapter.card, "rejected": {"reason": reason, "at": now().isoformat()}}
        move(session, actor, adapter, "rejected", reason=reason)
    elif verdict == "stopped" and adapter.state == trial.stage:
        measured = any(
            c.name == HELD_OUT and c.verdict != "not done"
            for c in (await gate_of(session, adapter.name)).checks
        )
        move(session, actor, adapter, "evaluated" if measured else "trained", reason=reason)


async def _switch(
    engine: AsyncEngine, actor: Actor, agent: str, target: str | None, action: str, *,
    note: dict[str, Any] | None = None, **details: Any,
) -> set[str]:  # fmt: skip
    """Switch a route in one transaction, with all that follows; returns who may be retired."""
    async with tenant_session(engine, actor.tenant_id) as session:
        before = await switch_route(session, actor.tenant_id, agent, target)
        left = {before} if before is not None and before != target else set()
        for trial in await open_trials(session, agent=agent):
            if trial.candidate == target:
                await _end(session, actor, trial, "promoted", "promoted")
            elif trial.stage == "canary":
                await _end(
                    session, actor, trial, "stopped", f"{target or 'the base model'} answers in its place"
                )
                left.add(trial.candidate)
        if left and before in left:
            await _leave(session, actor, str(before))
        if target is not None:
            adapter = await find_adapter(session, target, lock=True)
            adapter.card = {**adapter.card, **(note or {})}
            if adapter.state != "serving":
                move(session, actor, adapter, "serving", agent=agent)
        record(session, actor, action, target or "base", agent=agent, before=before, **details)
    return left


async def _leave(session: AsyncSession, actor: Actor, name: str) -> None:
    """An adapter that answers for no agent any more is retired; a tainted one stays so."""
    elsewhere = await session.scalar(select(Route.agent).where(Route.adapter == name).limit(1))
    adapter = await find_adapter(session, name)
    if elsewhere is None and adapter.state == "serving":
        move(session, actor, adapter, "retired")
