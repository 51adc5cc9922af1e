"""The first tenant, its owner and its key: made once, shown once."""

import secrets
import uuid
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.base import new_id
from ..database.session import take_turns, tenant_session
from .access import Actor
from .audit import record
from .keys import create_key, described
from .members import add_member
from .operator import note
from .tables import Tenant
from .tenants import create_tenant, find_tenant, oldest_tenant

OPERATOR = uuid.UUID(int=0)


class Created(NamedTuple):
    """A tenant; ``email``, ``password`` and ``key`` only when it was made just now."""

    tenant: Tenant
    email: str | None = None
    password: str | None = None
    key: str | None = None


def operator_of(tenant: Tenant) -> Actor:
    """The actor of the command line on the machine itself, and of the operator over HTTP: an owner of the tenant."""
    return Actor(tenant.id, tenant.slug, "owner", "operator", key_id=OPERATOR)


async def ensure_tenant(engine: AsyncEngine, slug: str, name: str = "", email: str | None = None) -> Created:
    """The tenant of that slug; if there is none it is made, with an owner and a key, which its audit log begins with.

    Of several at once, one makes it. Raises InputError for a slug or an address that cannot be used.
    """
    tenant_id = new_id()
    async with tenant_session(engine, tenant_id) as session:
        await take_turns(session, f"tenant {slug}")
        there = await session.scalar(select(Tenant).where(Tenant.slug == slug))
        if there is not None:
            return Created(there)
        tenant = await create_tenant(session, tenant_id, slug, name)
        email = email or f"owner@{slug}.example"
        drawn = secrets.token_urlsafe(12)
        user, password = await add_member(session, tenant.id, email, "owner", name="Owner", password=drawn)
        made, key = await create_key(session, tenant.id, "first key", "owner", user_id=user.id)
        operator = operator_of(tenant)
        record(session, operator, "tenant.created", slug)
        note(session, "tenant.created", slug)
        record(session, operator, "member.added", str(user.id), role="owner")
        record(session, operator, "key.created", str(made.id), **described(made))
    return Created(tenant, email, password, key)


def show_credentials(terminal: Any, created: Created) -> None:
    """Print what a new tenant's owner needs, each on a line of its own; nothing for a tenant that was there before."""
    if created.key is None:
        return
    terminal.notes.print(f"\nA new workspace, [bold]{created.tenant.slug}[/bold]. This is shown once:")
    for label, value in (
        ("sign in as", created.email),
        ("password", created.password),
        ("API key", created.key),
    ):
        terminal.notes.print(f"  {label:<13}{value}", markup=False, soft_wrap=True)
    terminal.notes.print()


async def choose_actor(terminal: Any, whorl: Any) -> Actor:
    """The operator of the tenant that a command names, or of the oldest."""
    if terminal.tenant is not None:
        return operator_of(await find_tenant(whorl.engine, terminal.tenant))
    return operator_of(await first_tenant(terminal, whorl.engine))


async def first_tenant(terminal: Any, engine: AsyncEngine) -> Tenant:
    """The oldest tenant; where there is none at all it is made, and its credentials are shown."""
    tenant = await oldest_tenant(engine)
    if tenant is None:
        created = await ensure_tenant(engine, "default")
        show_credentials(terminal, created)
        tenant = created.tenant
    return tenant
