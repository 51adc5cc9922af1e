"""What was refused, in the audit log: written after the answer is sent, so that it tells nothing by its time."""

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.session import open_session, tenant_session
from .access import Actor
from .audit import record, record_of
from .members import find_user, is_member
from .signin import Throttle
from .tables import Tenant


async def note_failed_sign_in(engine: AsyncEngine, email: str, workspace: str) -> None:
    """Record a wrong password of a member, in the workspace that it was for; of nobody else anything is kept."""
    async with open_session(engine) as session:
        user = await find_user(session, email.strip().lower())
        if user is None:
            return
        tenant_id = user.home_tenant_id
        if workspace:
            tenant_id = await session.scalar(select(Tenant.id).where(Tenant.slug == workspace))
    if tenant_id is None:
        return
    async with tenant_session(engine, tenant_id) as session:
        if await is_member(session, tenant_id, user.id):
            record_of(session, tenant_id, "anybody", "signin.failed", str(user.id), by="password")


async def note_failed_sign_on(engine: AsyncEngine, refusals: Throttle, workspace: str, kind: str) -> None:
    """Record that a workspace's single sign-on refused somebody; of many in a row the first ones."""
    async with open_session(engine) as session:
        tenant_id = await session.scalar(select(Tenant.id).where(Tenant.slug == workspace))
    if tenant_id is None or not refusals.take(f"sign-on {tenant_id}"):
        return
    async with tenant_session(engine, tenant_id) as session:
        record_of(session, tenant_id, "anybody", "signin.failed", workspace, by="sso", reason=kind)


async def note_refused_key(request: Request) -> None:
    """Record that a key was used for what its role does not include; of many in a row the first ones."""
    actor: Actor | None = getattr(request.state, "key_actor", None)
    whorl = request.app.state.whorl
    if actor is None or not whorl.refusals.take(f"key {actor.key_id}"):
        return
    route = getattr(request.scope.get("route"), "path", request.url.path)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        record(
            session,
            actor,
            "key.refused",
            str(actor.key_id),
            method=request.method,
            path=route,
            role=actor.role,
        )
