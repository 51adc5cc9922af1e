"""A tenant's adapters: immutable names, and the route that says which one answers."""

import re
import uuid
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.session import take_turns, tenant_session
from ..errors import ConflictError, NotFoundError
from ..identity.access import Actor
from ..identity.audit import record
from ..identity.tenants import list_tenants
from .tables import Adapter, Route

# The method of those that score answers and give none.
REWARD = "reward"
State = Literal[
    "trained", "evaluated", "shadow", "canary", "serving", "retired", "rejected", "tainted", "deleted"
]  # fmt: skip
# Whether an adapter that is not evaluated may be tried or serve is the gate's to say, not the table's.
TRANSITIONS: dict[str, tuple[State, ...]] = {
    "trained": ("evaluated", "shadow", "canary", "serving", "tainted", "deleted"),
    "evaluated": ("shadow", "canary", "serving", "tainted", "deleted"),
    "shadow": ("trained", "evaluated", "canary", "serving", "tainted"),
    "canary": ("trained", "evaluated", "rejected", "serving", "tainted"),
    "serving": ("retired", "tainted"),
    "retired": ("shadow", "canary", "serving", "tainted", "deleted"),
    "rejected": ("evaluated", "tainted", "deleted"),
    "deleted": ("tainted",),
    "tainted": (),
}
IN_USE: tuple[State, ...] = ("shadow", "canary", "serving")
OVER: tuple[State, ...] = ("retired", "rejected", "tainted", "deleted")
# What the card of an adapter without weights says, beside its state, which stays ``tainted`` where it was that.
DELETED = "deleted"
# Those that answer nobody, whoever asks for them.
GONE: tuple[State, ...] = ("tainted", "deleted")
_NAME = re.compile(r"(?P<tenant>[a-z][a-z0-9-]*)\.v(?P<version>[1-9][0-9]*)")


def adapter_name(tenant_slug: str, version: int) -> str:
    """``tenant-slug.vN``.

    >>> adapter_name("acme", 3)
    'acme.v3'
    """
    return f"{tenant_slug}.v{version}"


def owner_of(model: str) -> str | None:
    """The tenant slug in an adapter's name, or None for a name of another form.

    >>> owner_of("acme.v3"), owner_of("Qwen2.5-7B")
    ('acme', None)
    """
    match = _NAME.fullmatch(model)
    return match["tenant"] if match else None


async def count_in_use(engine: AsyncEngine) -> int:
    """Adapters of all tenants that answer or are tried now."""
    found = 0
    in_use = select(func.count()).select_from(Adapter).where(Adapter.state.in_(IN_USE))
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            found += await session.scalar(in_use) or 0
    return found


async def next_version(session: AsyncSession) -> int:
    """The version of the tenant's next adapter; numbers are never used twice."""
    return (await session.scalar(select(func.max(Adapter.version))) or 0) + 1


async def register_adapter(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    name: str,
    *,
    method: str,
    base_hash: str,
    dataset_id: uuid.UUID | None,
    folder: Path,
    card: dict[str, Any],
) -> Adapter:
    """Record a trained adapter."""
    version = int(name.rsplit(".v", 1)[1])
    adapter = Adapter(
        tenant_id=tenant_id, name=name, version=version, state="trained", method=method,
        base_hash=base_hash, dataset_id=dataset_id, folder=str(folder), card=card,
    )  # fmt: skip
    session.add(adapter)
    await session.flush()
    return adapter


async def list_adapters(
    session: AsyncSession, limit: int | None = None, before: int | None = None
) -> list[Adapter]:
    """The tenant's adapters, newest first: all, or ``limit`` of those before a version."""
    query = select(Adapter).order_by(Adapter.version.desc()).limit(limit)
    return list(await session.scalars(query if before is None else query.where(Adapter.version < before)))


async def find_adapter(session: AsyncSession, name: str, *, lock: bool = False) -> Adapter:
    """The tenant's adapter of that name, by choice locked against change; raises NotFoundError."""
    query = select(Adapter).where(Adapter.name == name)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    adapter: Adapter | None = await session.scalar(query)
    if adapter is None:
        raise NotFoundError(f"There is no adapter {name!r} in this workspace.")
    return adapter


async def find_answering(session: AsyncSession, name: str) -> Adapter:
    """The tenant's adapter of that name; raises NotFoundError, ConflictError for a reward model or one without weights."""
    adapter = await find_adapter(session, name)
    if adapter.method == REWARD:
        raise ConflictError(f"{name} is a reward model: it scores answers and gives none.")
    check_there(adapter)
    return adapter


def check_there(adapter: Adapter) -> None:
    """Raise ConflictError for an adapter whose weights were deleted."""
    if DELETED in adapter.card:
        raise ConflictError(f"The weights of {adapter.name} were deleted. Train another.")


async def routed_adapter(session: AsyncSession, agent: str) -> str | None:
    """The adapter that answers for an agent, or None for the base model."""
    return await session.scalar(select(Route.adapter).where(Route.agent == agent))


async def switch_route(
    session: AsyncSession, tenant_id: uuid.UUID, agent: str, adapter: str | None
) -> str | None:
    """Let ``adapter`` answer for an agent from the commit on; returns what answered before."""
    await take_turns(session, f"route {tenant_id} {agent}")
    route = await session.get(Route, (tenant_id, agent), with_for_update=True)
    if route is None:
        session.add(Route(tenant_id=tenant_id, agent=agent, adapter=adapter, previous=None))
        return None
    before = route.adapter
    if before != adapter:
        route.previous, route.adapter = before, adapter
    return before


def check_move(adapter: Adapter, state: State) -> None:
    """Raise ConflictError where ``TRANSITIONS`` does not let the adapter come to ``state``."""
    allowed = TRANSITIONS[adapter.state]
    if state not in allowed:
        raise ConflictError(
            f"The adapter {adapter.name} is {adapter.state} and cannot become {state}: from there it becomes "
            f"{', '.join(allowed) or 'nothing else'}."
        )


def move(session: AsyncSession, actor: Actor, adapter: Adapter, state: State, **details: Any) -> None:
    """Bring an adapter to another state, with its audit record; raises ConflictError as ``check_move``."""
    check_move(adapter, state)
    record(session, actor, "adapter.moved", adapter.name, was=adapter.state, now=state, **details)
    adapter.state = state
