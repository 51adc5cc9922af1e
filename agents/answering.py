"""Which adapters answer, as the database says: what every process brings its model servers to."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.session import open_session, tenant_session
from ..platform.identity.tables import DeletedTenant, Tenant
from ..platform.serving.adapters import GONE, OVER, owner_of
from ..platform.serving.servers import Named
from ..platform.serving.tables import Adapter, Route
from ..platform.serving.trials import open_trials
from .tables import Run


async def named_adapters(engine: AsyncEngine, base_hash: str, names: Iterable[str]) -> Named:
    """What the owners of ``names`` are answered by or try, of that base; and which of ``names`` is over.

    Over is an adapter in a state of ``OVER`` that no route, trial or run under way in any process names, and any of an
    owner that was deleted.
    """
    asked = set(names)
    owners = {owner for name in asked if (owner := owner_of(name))}
    async with open_session(engine) as session:
        tenants = list(await session.scalars(select(Tenant.id).where(Tenant.slug.in_(owners))))
        gone = set(await session.scalars(select(DeletedTenant.slug).where(DeletedTenant.slug.in_(owners))))
    answering: dict[str, Path] = {}
    over: set[str] = set()
    for tenant_id in tenants:
        async with tenant_session(engine, tenant_id) as session:
            used = await _used(session)
            for adapter in await session.scalars(select(Adapter).where(Adapter.name.in_(asked | used))):
                if adapter.name not in used and adapter.state in OVER:
                    over.add(adapter.name)
                if adapter.name in used and adapter.state not in GONE and adapter.base_hash == base_hash:
                    answering[adapter.name] = Path(adapter.folder)
            if over:
                over -= set(await session.scalars(select(Run.adapter).where(Run.status == "running")))
    over |= {name for name in asked if owner_of(name) in gone}
    return Named(answering, frozenset(over))


async def _used(session: AsyncSession) -> set[str]:
    """The adapters that the tenant's routes and trials name."""
    routed = await session.scalars(select(Route.adapter).where(Route.adapter.is_not(None)))
    return {name for name in routed if name} | {trial.candidate for trial in await open_trials(session)}
