"""Users and their roles in a tenant; passwords."""

import re
import secrets
import uuid
from collections.abc import Sequence
from typing import NamedTuple

import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..database.session import take_turns
from ..errors import ConflictError, InputError, NotFoundError
from .access import KEY_ROLES, Actor, Role, parse_role, roles_beyond
from .audit import record
from .secrets import digest
from .tables import ApiKey, Membership, PasswordLink, User

_hasher = PasswordHasher()
MIN_PASSWORD = 10
_ADDRESS = re.compile(r"""[^\s@<>,;"]+@[^\s@<>,;"]+""")


class Member(NamedTuple):
    """A user of a tenant with the role held there."""

    user: User
    role: Role


async def add_member(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    email: str,
    role: Role,
    *,
    name: str = "",
    password: str | None = None,
) -> tuple[User, str | None]:
    """Add a user to the tenant; a password is drawn and returned for a new user without one.

    Raises InputError for an address or password that cannot be used, ConflictError for a member.
    """
    email = checked_address(email)
    drawn = None
    if await find_user(session, email) is None:
        drawn = password or secrets.token_urlsafe(12)
    hashed = await hash_password(drawn) if drawn else None
    user = await enrol(session, tenant_id, email, role, name=name, password_hash=hashed)
    if hashed is not None and user.password_hash == hashed and password is None:
        user.first_password = digest(hashed)
    return user, drawn


def is_unused(user: User) -> bool:
    """Whether nobody signed in to an account since its password was drawn, so that it tells nothing of who somebody is."""
    return user.password_hash is not None and user.first_password == digest(user.password_hash)


async def require_own_or_new(session: AsyncSession, tenant_id: uuid.UUID, email: str) -> None:
    """Raise ConflictError for the address of an account with another home.

    An administrator there may know its password, so that it must be its owner who joins.
    """
    user = await find_user(session, checked_address(email))
    if (
        user is not None
        and user.home_tenant_id != tenant_id
        and not await is_member(session, tenant_id, user.id)
    ):
        raise ConflictError(
            f"{user.email} has an account of another workspace. Send an invitation in place of this."
        )


async def enrol(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    email: str,
    role: Role,
    *,
    name: str = "",
    password_hash: str | None = None,
    by_password: bool = True,
) -> User:
    """Make the user of an address a member; somebody new gets the name and the password, and this tenant as home.

    ``by_password`` is whether the password of an account with another home opens this tenant. Raises ConflictError
    for a member.
    """
    await take_turns(session, f"account {email}")
    user = await find_user(session, email)
    if user is None:
        user = User(email=email, name=name, password_hash=password_hash, home_tenant_id=tenant_id)
        session.add(user)
        await session.flush()
    if await is_member(session, tenant_id, user.id):
        raise ConflictError(f"{email} is a member of this workspace already.")
    opens = by_password or user.home_tenant_id == tenant_id
    session.add(Membership(tenant_id=tenant_id, user_id=user.id, role=role, by_password=opens))
    await session.flush()
    return user


async def find_user(session: AsyncSession, email: str) -> User | None:
    """The account of an address in lower case, whatever its home, or None."""
    found: User | None = await session.scalar(select(User).where(User.email == email))
    return found


async def settle_account(session: AsyncSession, email: str) -> User | None:
    """The account of an address in lower case, or None; until the transaction ends nobody else makes or changes it."""
    await take_turns(session, f"account {email}")
    found: User | None = await session.scalar(select(User).where(User.email == email).with_for_update())
    return found


async def is_member(session: AsyncSession, tenant_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether a user belongs to the tenant."""
    return await session.get(Membership, (tenant_id, user_id)) is not None


def checked_address(email: str) -> str:
    """An e-mail address in lower case; raises InputError for what is none."""
    email = email.strip().lower()
    if not (_ADDRESS.fullmatch(email) and email.isprintable() and len(email) <= 254):
        raise InputError(
            f"{email!r} is not an e-mail address. Give one alone, such as ada@example.com, without spaces.",
            "email",
        )
    return email


async def list_members(
    session: AsyncSession, limit: int | None = None, after: str | None = None
) -> list[Member]:
    """The tenant's members by e-mail address: all, or ``limit`` of those after an address."""
    query = _members().order_by(User.email).limit(limit)
    rows = await session.execute(query if after is None else query.where(User.email > after))
    return [Member(user, parse_role(role)) for user, role in rows]


async def get_member(session: AsyncSession, user_id: uuid.UUID) -> Member:
    """A member, whose role stays as it is until the transaction ends; raises NotFoundError."""
    query = _members().where(Membership.user_id == user_id).with_for_update(of=Membership)
    return _found((await session.execute(query)).one_or_none(), str(user_id))


async def find_member(session: AsyncSession, email: str) -> Member:
    """The member of an address; raises NotFoundError."""
    query = _members().where(User.email == email.strip().lower())
    return _found((await session.execute(query)).one_or_none(), repr(email))


async def change_role(session: AsyncSession, actor: Actor, user_id: uuid.UUID, role: Role) -> None:
    """Give a member another role, and revoke keys of theirs that may do more; the last owner stays one (ConflictError).

    It voids a link to the account's password. Raises PermissionDeniedError where somebody else than an owner would
    make or unmake one.
    """
    membership = await _membership(session, user_id)
    actor.require_over(membership.role, role)
    if membership.role == "owner" and role != "owner":
        await _require_another_owner(session, membership)
    membership.role = role
    await session.flush()
    await _revoke_keys(session, actor, user_id, roles_beyond(role))
    await _void_link(session, user_id)


async def remove_member(session: AsyncSession, actor: Actor, user_id: uuid.UUID) -> None:
    """Take a member out of the tenant, with their keys, and a link to the account's password.

    Raises as ``require_removable``.
    """
    await require_removable(session, actor, user_id)
    await _revoke_keys(session, actor, user_id, KEY_ROLES)
    await session.execute(delete(Membership).where(Membership.user_id == user_id))
    await _void_link(session, user_id)


async def require_removable(session: AsyncSession, actor: Actor, user_id: uuid.UUID) -> None:
    """Raise NotFoundError for a person who is no member, ConflictError for the last owner.

    Raises PermissionDeniedError for an owner where the actor is none. What it found stays so until the transaction ends.
    """
    membership = await _membership(session, user_id)
    actor.require_over(membership.role)
    if membership.role == "owner":
        await _require_another_owner(session, membership)


async def forget_member(session: AsyncSession, actor: Actor, email: str) -> uuid.UUID:
    """Take a member out of the tenant and wipe the account where this is its home; returns the account's id.

    An account with another home goes on there. Raises NotFoundError for a person who is no member, and as
    ``require_removable``.
    """
    user = (await find_member(session, email)).user
    await remove_member(session, actor, user.id)
    if user.home_tenant_id == actor.tenant_id:
        user.email, user.name = f"erased-{user.id}@erased.invalid", ""
        user.password_hash = user.home_tenant_id = None
    return user.id


async def hash_password(password: str) -> str:
    """Argon2id of a password, computed off the event loop; InputError when it is too short."""
    if len(password) < MIN_PASSWORD:
        raise InputError(f"A password needs at least {MIN_PASSWORD} characters.")
    return await anyio.to_thread.run_sync(_hasher.hash, password)


async def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password matches; takes as long for a wrong one."""

    def check() -> bool:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    return await anyio.to_thread.run_sync(check)


def _members() -> Select[User, str]:
    return select(User, Membership.role).join(Membership, Membership.user_id == User.id)


def _found(row: Row[User, str] | None, named: str) -> Member:
    if row is None:
        raise NotFoundError(f"There is no member {named} in this workspace.")
    user, role = row
    return Member(user, parse_role(role))


async def _revoke_keys(
    session: AsyncSession, actor: Actor, user_id: uuid.UUID, roles: Sequence[Role]
) -> None:
    """Revoke a member's keys of some roles, until there is none: what a rotation under way makes is seen only after it."""
    valid = (ApiKey.user_id == user_id, ApiKey.role.in_(roles), ApiKey.revoked_at.is_(None))
    revoke = update(ApiKey).where(*valid).values(revoked_at=now()).returning(ApiKey.id)
    while keys := list(await session.scalars(revoke)):
        for key_id in keys:
            record(session, actor, "key.revoked", str(key_id), member=str(user_id))


async def _void_link(session: AsyncSession, user_id: uuid.UUID) -> None:
    """After the membership itself: whoever is making a link meanwhile holds that."""
    await session.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))


async def _membership(session: AsyncSession, user_id: uuid.UUID) -> Membership:
    """A membership that nobody else changes until the transaction ends."""
    found = await session.scalar(select(Membership).where(Membership.user_id == user_id).with_for_update())
    if found is None:
        raise NotFoundError(f"There is no member {user_id} in this workspace.")
    return found


async def _require_another_owner(session: AsyncSession, membership: Membership) -> None:
    """Whoever unmakes an owner waits for the others who do: two owners who unmake each other would leave none."""
    await take_turns(session, f"owners {membership.tenant_id}")
    other = (Membership.role == "owner", Membership.user_id != membership.user_id)
    if await session.scalar(select(Membership.user_id).where(*other).limit(1)) is None:
        raise ConflictError("A workspace needs an owner: make somebody else an owner first.")
