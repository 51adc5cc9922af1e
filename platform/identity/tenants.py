"""Tenants: created once, named by a slug that adapters carry."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.session import open_session
from ..errors import ConflictError, InputError, NotFoundError
from .tables import Tenant

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")


async def create_tenant(engine: AsyncEngine, slug: str, name: str = "") -> Tenant:
    """A new tenant; raises InputError for a slug of the wrong form, ConflictError for a taken one."""
    if not _SLUG.fullmatch(slug):
        raise InputError(
            f"{slug!r} cannot name a tenant: use 2 to 40 lower-case letters, digits and hyphens, "
            "beginning with a letter."
        )
    async with open_session(engine) as session:
        if await session.scalar(select(Tenant).where(Tenant.slug == slug)):
            raise ConflictError(f"There is a tenant {slug!r} already.")
        tenant = Tenant(slug=slug, name=name or slug)
        session.add(tenant)
    return tenant


async def find_tenant(engine: AsyncEngine, slug: str) -> Tenant:
    """The tenant of that slug; raises NotFoundError."""
    async with open_session(engine) as session:
        tenant = await session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise NotFoundError(f"There is no tenant {slug!r}. whorl tenant list shows them.")
    return tenant


async def list_tenants(engine: AsyncEngine) -> list[Tenant]:
    """All tenants, for the operator on the machine."""
    async with open_session(engine) as session:
        return list(await session.scalars(select(Tenant).order_by(Tenant.slug)))


async def oldest_tenant(engine: AsyncEngine) -> Tenant | None:
    """The first tenant that was made, or None."""
    async with open_session(engine) as session:
        found: Tenant | None = await session.scalar(select(Tenant).order_by(Tenant.id).limit(1))
        return found
