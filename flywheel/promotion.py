"""Promotion: evaluated, gated, loaded everywhere, switched in one transaction, drained; and back."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.runs import DEFAULT_AGENT, Agents
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, InputError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.adapters import find_adapter, find_answering, routed_adapter, switch_route
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Adapter, Route
from .evaluation import Scored, Task, ask_all, compare, store_evaluation
from .tables import Evaluation

ALPHA = 0.05


async def evaluate_adapter(
    agents: Agents, actor: Actor, name: str, tasks: list[Task], suite: str, **options: Any
) -> dict[str, Any]:
    """Ask base and adapter the same tasks, store the comparison and move the adapter's state.

    The adapter is loaded for the evaluation and stays loaded; it answers nobody until promoted.
    """
    await load_for_evaluation(agents, actor, name)
    before = await ask_all(agents, actor, tasks, adapter="", **options)
    after = await ask_all(agents, actor, tasks, adapter=name, **options)
    return await keep_comparison(agents, actor, name, suite, before, after)


async def load_for_evaluation(agents: Agents, actor: Actor, name: str) -> None:
    """Load an adapter to be asked; raises InputError for one of another base, ConflictError for a reward model."""
    actor.require("write")
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        adapter = await find_answering(session, name)
    if adapter.base_hash != agents.servers.base_hash:
        raise InputError(
            f"The adapter {name} was trained on another base model ({adapter.base_hash[:12]}) than the one that "
            f"is served ({agents.servers.base_hash[:12]}). Train it again on this one."
        )
    await agents.servers.load_adapter(name, Path(adapter.folder))


async def keep_comparison(
    agents: Agents, actor: Actor, name: str, suite: str, before: list[Scored], after: list[Scored]
) -> dict[str, Any]:
    """Store how an adapter answered beside the base, on its card, too; returns the report that the gate reads."""
    report = compare(before, after)
    await store_evaluation(agents.engine, actor, name, suite, report)
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        stored = await find_adapter(session, name)
        stored.card = {**stored.card, "evaluation": {"suite": suite, **report}}
        if stored.state == "trained":
            stored.state = "evaluated"
    return report


def gate(report: dict[str, Any], alpha: float = ALPHA) -> str:
    """Why an evaluation does not allow a promotion, or an empty text."""
    if report["after"]["success"] <= report["before"]["success"]:
        return (
            f"it answers {report['after']['success']:.0%} of the held-out questions, "
            f"the base {report['before']['success']:.0%}"
        )
    if report["p_value"] >= alpha:
        return f"the gain is not certain enough (p = {report['p_value']:.3f}, asked: below {alpha})"
    return ""


async def promote(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str, *,
    agent: str = DEFAULT_AGENT, force: bool = False,
) -> float:  # fmt: skip
    """Let an adapter answer for an agent; returns the swap time in milliseconds.

    The swap is load, probe and switch; the adapter that answered before is drained and unloaded
    afterwards. Raises ConflictError when the gate does not pass and ``force`` is not given.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await find_answering(session, name)
        reason = await _refusal(session, adapter)
    if adapter.state == "tainted":
        raise ConflictError(
            f"The adapter {name} is tainted: {adapter.card['tainted']['reason']}. Train another on the datasets as "
            "they are now."
        )
    if adapter.base_hash != servers.base_hash:
        raise InputError(f"The adapter {name} was trained on another base model than the one that is served.")
    if reason and not force:
        raise ConflictError(
            f"The adapter {name} does not pass the gate: {reason}. --force promotes it all the same."
        )
    started = time.perf_counter()
    await servers.load_adapter(name, Path(adapter.folder))
    before = await _switch(engine, actor, agent, name, "adapter.promoted", forced=bool(reason))
    milliseconds = (time.perf_counter() - started) * 1000
    await _retire(engine, servers, actor, before, keep=name)
    return milliseconds


async def rollback(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, *, agent: str = DEFAULT_AGENT
) -> str | None:
    """Let the adapter before the present one answer again (None: the base model); returns its name.

    Raises ConflictError when the base answers already.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        route = await session.get(Route, (actor.tenant_id, agent))
        if route is None or route.adapter is None:
            raise ConflictError("The base model answers already: there is nothing to roll back.")
        current, target = route.adapter, route.previous
        adapter = await find_adapter(session, target) if target else None
    if adapter is not None and adapter.state == "tainted":
        target = None
    await serve(engine, servers, actor, agent, target, left=current)
    return target


async def serve(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, agent: str, target: str | None, *, left: str
) -> None:
    """Let an earlier adapter, or the base model (None), answer in place of ``left``."""
    if target is not None:
        async with tenant_session(engine, actor.tenant_id) as session:
            adapter = await find_adapter(session, target)
        await servers.load_adapter(adapter.name, Path(adapter.folder))
    await _switch(engine, actor, agent, target, "adapter.rolled_back", left=left)
    async with tenant_session(engine, actor.tenant_id) as session:
        stored = await session.get(Route, (actor.tenant_id, agent))
        if stored is not None:
            stored.previous = None
    await _retire(engine, servers, actor, left, keep=target)


async def reconcile(engine: AsyncEngine, servers: ModelServers, actor: Actor) -> list[str]:
    """Load what the tenant's routes name onto servers that have just started."""
    async with tenant_session(engine, actor.tenant_id) as session:
        names = await session.scalars(select(Route.adapter).where(Route.adapter.is_not(None)).distinct())
        adapters = [await find_adapter(session, name) for name in names if name]
    for adapter in adapters:
        if adapter.base_hash == servers.base_hash:
            await servers.load_adapter(adapter.name, Path(adapter.folder))
    return [adapter.name for adapter in adapters]


async def _refusal(session: Any, adapter: Adapter) -> str:
    latest = await session.scalar(
        select(Evaluation).where(Evaluation.adapter == adapter.name).order_by(Evaluation.id.desc()).limit(1)
    )
    return gate(latest.report) if latest else "it has not been evaluated"


async def _switch(
    engine: AsyncEngine, actor: Actor, agent: str, target: str | None, action: str, **details: Any
) -> str | None:
    async with tenant_session(engine, actor.tenant_id) as session:
        before = await switch_route(session, actor.tenant_id, agent, target)
        for name, state in ((before, "retired"), (target, "serving")):
            if name is not None and not (state == "retired" and name == target):
                adapter = await find_adapter(session, name)
                adapter.state = adapter.state if adapter.state == "tainted" else state
        record(session, actor, action, target or "base", agent=agent, before=before, **details)
    return before


async def _retire(
    engine: AsyncEngine, servers: ModelServers, actor: Actor, name: str | None, keep: str | None
) -> None:
    if name is None or name == keep:
        return
    async with tenant_session(engine, actor.tenant_id) as session:
        if await session.scalar(select(Route.agent).where(Route.adapter == name)):
            return
    await servers.drain(name)
    await servers.unload_adapter(name)


async def serving_adapter(engine: AsyncEngine, actor: Actor, agent: str = DEFAULT_AGENT) -> str | None:
    """The adapter that answers for an agent now."""
    async with tenant_session(engine, actor.tenant_id) as session:
        return await routed_adapter(session, agent)
