"""Invitations: a link with a secret, good once and for a week, that makes whoever has it a member."""

import uuid
from datetime import timedelta
from typing import Literal, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import take_turns, tenant_session
from ..errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from . import audit
from .access import Actor, Role, parse_role
from .members import (
    checked_address,
    enrol,
    find_user,
    hash_password,
    is_member,
    is_unused,
    settle_account,
    verify_password,
)
from .secrets import digest, new_secret, tenant_or
from .signin import check_password
from .tables import Invitation, Tenant, User

PREFIX = "invite"
LIFETIME = timedelta(days=7)


# How the invited person shows who that is: a new password, the account's password, or a session elsewhere.
Proof = Literal["new", "password", "session"]


class Offer(NamedTuple):
    """What an invitation offers, and what it takes to accept it."""

    workspace: str
    email: str
    role: Role
    proof: Proof


class Joined(NamedTuple):
    """A new member."""

    tenant_id: uuid.UUID
    user_id: uuid.UUID


async def invite(session: AsyncSession, actor: Actor, email: str, role: Role) -> tuple[Invitation, str]:
    """Invite an address; returns the invitation and its secret, which is not kept.

    An earlier invitation of the address is void. Raises InputError for what is no address, ConflictError for a
    member, PermissionDeniedError for an owner where the actor is none.
    """
    actor.require_over(role)
    email = checked_address(email)
    await take_turns(session, f"invitation {actor.tenant_id} {email}")
    user = await find_user(session, email)
    if user is not None and await is_member(session, actor.tenant_id, user.id):
        raise ConflictError(f"{email} is a member of this workspace already.")
    await session.execute(delete(Invitation).where(Invitation.email == email))
    secret = new_secret(PREFIX, actor.tenant_id)
    invitation = Invitation(
        tenant_id=actor.tenant_id, email=email, role=role, digest=secret.digest, expires_at=now() + LIFETIME
    )
    session.add(invitation)
    await session.flush()
    # The address stays out of the log, so that erasing a person need not change it.
    audit.record(session, actor, "member.invited", str(invitation.id), role=role)
    return invitation, secret.text


async def list_invitations(session: AsyncSession) -> list[Invitation]:
    """The invitations that nobody took up yet, newest first, expired ones included."""
    return list(await session.scalars(select(Invitation).order_by(Invitation.id.desc())))


async def revoke_invitation(session: AsyncSession, actor: Actor, invitation_id: uuid.UUID) -> None:
    """Take an invitation back; raises NotFoundError where there is none, or somebody took it up."""
    gone = delete(Invitation).where(Invitation.id == invitation_id).returning(Invitation.id)
    if await session.scalar(gone) is None:
        raise NotFoundError(f"There is no invitation {invitation_id}: it was taken up or revoked.")
    audit.record(session, actor, "invitation.revoked", str(invitation_id))


async def read_invitation(engine: AsyncEngine, secret: str) -> Offer:
    """What the invitation of a secret offers; raises NotFoundError."""
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    async with tenant_session(engine, tenant_id) as session:
        query = select(Invitation).where(Invitation.digest == digest(secret), Invitation.expires_at > now())
        invitation = await session.scalar(query)
        if invitation is None:
            raise _unknown()
        slug = (await session.get_one(Tenant, tenant_id)).slug
        proof = _proof(await find_user(session, invitation.email), tenant_id)
    return Offer(slug, invitation.email, parse_role(invitation.role), proof)


async def join_anew(engine: AsyncEngine, secret: str, name: str, password: str) -> Joined:
    """Take an invitation up with a new account, one of this workspace that had no password yet, or one that nobody used.

    Raises NotFoundError for the invitation, InputError for the password, ConflictError for another account.
    """
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    await read_invitation(engine, secret)
    hashed = await hash_password(password)
    async with tenant_session(engine, tenant_id) as session:
        invitation = await _take(session, secret)
        user = await settle_account(session, invitation.email)
        if _proof(user, tenant_id) != "new":
            raise ConflictError(f"{invitation.email} has an account already. Join with its password.")
        if user is not None:
            await _require_another(user, password)
            _take_over(session, user, tenant_id)
            user.name, user.password_hash = name or user.name, hashed
        return await _join(session, tenant_id, invitation, name, hashed)


async def join_with_password(engine: AsyncEngine, secret: str, password: str, client: str) -> Joined:
    """Take an invitation up with the password of the account that there is, from the address ``client``.

    Raises NotFoundError for the invitation, AuthenticationError or LimitError for the password.
    """
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    offer = await read_invitation(engine, secret)
    await check_password(engine, offer.email, password, client)
    async with tenant_session(engine, tenant_id) as session:
        return await _join(session, tenant_id, await _take(session, secret))


async def join_as(engine: AsyncEngine, secret: str, actor: Actor) -> Joined:
    """Take an invitation up as who is signed in, in whatever workspace.

    Raises NotFoundError for the invitation, PermissionDeniedError for somebody else than it is for.
    """
    tenant_id = tenant_or(_unknown, PREFIX, secret)
    async with tenant_session(engine, tenant_id) as session:
        invitation = await _take(session, secret)
        user = await session.get(User, actor.user_id) if actor.user_id else None
        if user is None or user.email != invitation.email:
            raise PermissionDeniedError(f"The invitation is for {invitation.email}. Sign in as that person.")
        return await _join(session, tenant_id, invitation)


async def take_by_address(session: AsyncSession, email: str) -> Invitation | None:
    """Use up the invitation of an address that somebody else vouched for; None where there is none."""
    taken = delete(Invitation).where(Invitation.email == email, Invitation.expires_at > now())
    found: Invitation | None = await session.scalar(taken.returning(Invitation))
    return found


async def _take(session: AsyncSession, secret: str) -> Invitation:
    """Use an invitation up: of several who try at once, one has it."""
    taken = delete(Invitation).where(Invitation.digest == digest(secret), Invitation.expires_at > now())
    invitation: Invitation | None = await session.scalar(taken.returning(Invitation))
    if invitation is None:
        raise _unknown()
    return invitation


async def _join(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    invitation: Invitation,
    name: str = "",
    hashed: str | None = None,
) -> Joined:
    role = parse_role(invitation.role)
    user = await enrol(session, tenant_id, invitation.email, role, name=name, password_hash=hashed)
    slug = (await session.get_one(Tenant, tenant_id)).slug
    member = Actor(tenant_id, slug, role, user.name, user_id=user.id)
    audit.record(session, member, "member.joined", str(user.id), role=role, invitation=str(invitation.id))
    return Joined(tenant_id, user.id)


async def _require_another(user: User, password: str) -> None:
    """Raise InputError for the password that was drawn for an account: whoever drew it knows it."""
    if user.password_hash is not None and await verify_password(user.password_hash, password):
        raise InputError("This password was drawn for you, and others know it. Choose another.", "password")


def _take_over(session: AsyncSession, user: User, tenant_id: uuid.UUID) -> None:
    """Make this tenant the home of an account whose password it sets.

    As by a link for a forgotten one, the account's sessions end and the password opens no membership from before:
    whoever made the invitation could take it up in the person's place.
    """
    if user.password_hash is not None:
        user.sessions_since = user.password_reset_at = now()
        audit.record_of(session, tenant_id, f"user:{user.id}", "password.reset", str(user.id))
    user.home_tenant_id = tenant_id


def _proof(user: User | None, tenant_id: uuid.UUID) -> Proof:
    if user is None or is_unused(user):
        return "new"
    if user.password_hash is not None:
        return "password"
    return "new" if user.home_tenant_id in (None, tenant_id) else "session"


def _unknown() -> NotFoundError:
    return NotFoundError(
        "The invitation is unknown: it was used, revoked, or is older than a week. Ask for a new one."
    )
