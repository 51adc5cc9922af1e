"""Closing a workspace, the first step of its deletion: whoever could enter it cannot any more."""

import uuid
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import count_of, take_turns, tenant_session
from .operator import note
from .tables import (
    ApiKey,
    Identity,
    Invitation,
    Membership,
    PasswordLink,
    SignOnAttempt,
    SignOnProvider,
    Tenant,
    User,
    WebSession,
)
from .tenants import find_any_tenant, list_tenants

_ENTRANCES = (
    ApiKey, WebSession, Identity, Invitation, PasswordLink, SignOnAttempt, SignOnProvider, Membership,
)  # fmt: skip


async def close_tenant(engine: AsyncEngine, slug: str) -> Tenant:
    """Take keys, sessions, memberships and the accounts that lead nowhere else from a tenant; done twice it changes nothing.

    Raises NotFoundError where there is none of that slug.
    """
    tenant = await find_any_tenant(engine, slug)
    async with tenant_session(engine, tenant.id) as session:
        closed = await session.get_one(Tenant, tenant.id, with_for_update=True)
        if closed.closed_at is not None:
            return closed
        people = await _people(session, closed)
        counts = {
            table.__tablename__: await count_of(session, delete(table).where(table.tenant_id == closed.id))
            for table in _ENTRANCES
        }
        counts["accounts"] = await _leave(engine, session, closed, people)
        closed.closed_at = now()
        note(session, "tenant.closed", slug, **counts)
    return closed


async def _people(session: AsyncSession, tenant: Tenant) -> list[User]:
    """A tenant's members, and whoever has a home there; until this ends nobody makes them members of anything."""
    members = select(Membership.user_id).where(Membership.tenant_id == tenant.id)
    query = select(User).where(or_(User.home_tenant_id == tenant.id, User.id.in_(members)))
    people = list(await session.scalars(query.order_by(User.email)))
    await take_turns(session, *(f"account {user.email}" for user in people))
    return people


async def _leave(engine: AsyncEngine, session: AsyncSession, tenant: Tenant, people: list[User]) -> int:
    """Delete the accounts of those who belong to no other tenant; returns how many.

    The others keep theirs, without a home. One that had no password is opened by none that is set from now on, but where
    its owner joins later: whoever invites it next could set one.
    """
    elsewhere = await _members_elsewhere(engine, tenant, [user.id for user in people])
    gone = 0
    for user in people:
        if user.id not in elsewhere and user.home_tenant_id in (None, tenant.id):
            await session.delete(user)
            gone += 1
        elif user.home_tenant_id == tenant.id:
            user.home_tenant_id = None
            if user.password_hash is None:
                user.password_reset_at = now()
    await session.flush()
    return gone


async def _members_elsewhere(engine: AsyncEngine, tenant: Tenant, people: list[uuid.UUID]) -> set[uuid.UUID]:
    """Which of the people are members of other tenants, read tenant by tenant: no role of the database sees several."""
    found: set[uuid.UUID] = set()
    query: Any = select(Membership.user_id).where(Membership.user_id.in_(people))
    for other in await list_tenants(engine) if people else []:
        if other.id != tenant.id:
            async with tenant_session(engine, other.id) as session:
                found.update(await session.scalars(query))
    return found
