"""A forgotten password, set anew by a link that an administrator hands on: good once, and for a day."""

import uuid
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import tenant_session
from ..errors import ConflictError, NotFoundError, PermissionDeniedError, WhorlError
from .access import Actor
from .audit import record, record_of
from .members import Member, get_member, hash_password, is_member
from .secrets import digest, new_secret, tenant_or
from .tables import PasswordLink, Tenant, User, WebSession

PREFIX = "password"
LIFETIME = timedelta(days=1)


class CreatedLink(NamedTuple):
    """A new link: whose password it sets, and its secret, which is not kept."""

    user: User
    secret: str
    link: PasswordLink


class Offer(NamedTuple):
    """Whose password a link sets anew, and the workspace that it then leads to."""

    workspace: str
    email: str


class Reset(NamedTuple):
    """Whose password was set anew, and the account's home."""

    tenant_id: uuid.UUID
    user_id: uuid.UUID


def refusal_of(actor: Actor, member: Member) -> WhorlError | None:
    """Why the actor, an administrator, may make no link for a member of the workspace; None where they may."""
    if not actor.is_over(member.role):
        return PermissionDeniedError("A password link of an owner is made by an owner.")
    if member.user.home_tenant_id != actor.tenant_id:
        return ConflictError(
            "The account is of another workspace, which alone sets its password anew. Ask an administrator there."
        )
    if member.user.password_hash is None:
        return ConflictError("The account has no password: its owner comes in by single sign-on.")
    return None


async def create_link(session: AsyncSession, actor: Actor, user_id: uuid.UUID) -> CreatedLink:
    """A link by which a member's password is set anew; an earlier one of the account is void.

    Raises NotFoundError for a person who is no member, and what ``refusal_of`` says.
    """
    member = await get_member(session, user_id)
    refusal = refusal_of(actor, member)
    if refusal is not None:
        raise refusal
    secret, moment = new_secret(PREFIX, actor.tenant_id), now()
    over = or_(PasswordLink.user_id == user_id, PasswordLink.expires_at < moment)
    await session.execute(delete(PasswordLink).where(over))
    link = PasswordLink(
        tenant_id=actor.tenant_id, user_id=user_id, digest=secret.digest, replaces=_mark(member.user),
        created_at=moment, expires_at=moment + LIFETIME,
    )  # fmt: skip
    session.add(link)
    await session.flush()
    record(session, actor, "password.link_created", str(user_id))
    return CreatedLink(member.user, secret.text, link)


async def read_link(engine: AsyncEngine, secret: str) -> Offer:
    """Whose password the link of a secret sets; raises NotFoundError."""
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    async with tenant_session(engine, tenant_id) as session:
        link = await session.scalar(select(PasswordLink).where(_good(secret)))
        user = await _user_of(session, link, lock=False)
        slug = (await session.get_one(Tenant, tenant_id)).slug
    return Offer(slug, user.email)


async def reset_password(engine: AsyncEngine, secret: str, password: str) -> Reset:
    """Give the account of a link another password, and end its sessions in every workspace.

    Of several who try at once, one has the link. Raises NotFoundError for the link, InputError for the password.
    """
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    await read_link(engine, secret)
    hashed = await hash_password(password)
    async with tenant_session(engine, tenant_id) as session:
        taken = delete(PasswordLink).where(_good(secret)).returning(PasswordLink)
        user = await _user_of(session, await session.scalar(taken), lock=True)
        user.password_hash = hashed
        user.sessions_since = user.password_reset_at = now()
        await session.execute(delete(WebSession).where(WebSession.user_id == user.id))
        record_of(session, tenant_id, f"user:{user.id}", "password.reset", str(user.id))
    return Reset(tenant_id, user.id)


async def _user_of(session: AsyncSession, link: PasswordLink | None, *, lock: bool) -> User:
    """The account that a link is still good for, by choice locked; raises NotFoundError."""
    if link is None:
        raise _unknown()
    user = await session.get_one(User, link.user_id, with_for_update=lock)
    same = user.password_hash is not None and _mark(user) == link.replaces
    if not (
        same and user.home_tenant_id == link.tenant_id and await is_member(session, link.tenant_id, user.id)
    ):
        raise _unknown()
    return user


def _good(secret: str) -> ColumnElement[bool]:
    return and_(PasswordLink.digest == digest(secret), PasswordLink.expires_at > now())


def _mark(user: User) -> str:
    """What changes with the password: the SHA-256 of its hash."""
    return digest(user.password_hash or "")


def _unknown() -> NotFoundError:
    return NotFoundError(
        "The link is unknown: it was used, another took its place, the account changed, or it is older than a day. "
        "Ask an administrator for a new one."
    )
