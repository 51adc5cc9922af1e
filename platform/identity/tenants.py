"""Tenants: created once, named by a slug that adapters carry."""

import re
import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.session import open_session
from ..errors import ConflictError, InputError, NotFoundError
from .tables import DeletedTenant, Tenant

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")


async def create_tenant(session: AsyncSession, tenant_id: uuid.UUID, slug: str, name: str = "") -> Tenant:
    """A new tenant of a free slug, in a session that is its own.

    Raises InputError for a slug of the wrong form, ConflictError for that of a tenant that was deleted.
    """
    if not _SLUG.fullmatch(slug):
        raise InputError(
            f"{slug!r} cannot name a tenant: use 2 to 40 lower-case letters, digits and hyphens, "
            "beginning with a letter."
        )
    if await session.scalar(select(DeletedTenant.id).where(DeletedTenant.slug == slug)) is not None:
        raise ConflictError(
            f"The tenant {slug!r} was deleted, and its slug names no other. Choose another slug."
        )
    tenant = Tenant(id=tenant_id, slug=slug, name=name or slug)
    session.add(tenant)
    await session.flush()
    return tenant


async def find_tenant(engine: AsyncEngine, slug: str) -> Tenant:
    """The tenant of that slug; raises NotFoundError, ConflictError for one that is being deleted."""
    tenant = await find_any_tenant(engine, slug)
    if tenant.closed_at is not None:
        raise ConflictError(f"The tenant {slug!r} is being deleted.")
    return tenant


async def find_any_tenant(engine: AsyncEngine, slug: str) -> Tenant:
    """The tenant of that slug, one that is being deleted as well; raises NotFoundError."""
    async with open_session(engine) as session:
        tenant = await session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise NotFoundError(f"There is no tenant {slug!r}. whorl tenant list shows them.")
    return tenant


async def list_tenants(engine: AsyncEngine) -> list[Tenant]:
    """All tenants, those that are being deleted among them, for the operator on the machine."""
    async with open_session(engine) as session:
        return list(await session.scalars(select(Tenant).order_by(Tenant.slug)))


async def list_deleted(engine: AsyncEngine) -> list[DeletedTenant]:
    """The tenants that were deleted."""
    async with open_session(engine) as session:
        return list(await session.scalars(select(DeletedTenant).order_by(DeletedTenant.slug)))


async def oldest_tenant(engine: AsyncEngine) -> Tenant | None:
    """The first of the tenants that may be entered, or None."""
    query = select(Tenant).where(Tenant.closed_at.is_(None)).order_by(Tenant.id).limit(1)
    async with open_session(engine) as session:
        found: Tenant | None = await session.scalar(query)
        return found
