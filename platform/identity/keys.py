"""API keys: shown once, stored as digests, revoked at once."""

import time
import uuid
from collections import OrderedDict
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..database.batches import Batches
from ..database.connections import Connections
from ..errors import AuthenticationError, ConflictError, InputError, NotFoundError
from .access import Actor, Role, Scope, parse_role
from .audit import record
from .secrets import digest, new_secret, tenant_or
from .tables import ApiKey

PREFIX = "whorl"
# Keys whose holders are remembered.
_REMEMBERED = 10_000
# Seconds for which a key that was valid is taken to be so by those who may not wait for the database.
TRUSTED = 300.0
UNKNOWN = "The API key is unknown, expired or revoked."
_HOLDERS = "SELECT holders_of_keys(%s, %s, %s)"


async def create_key(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    name: str,
    role: Role = "admin",
    *,
    user_id: uuid.UUID | None = None,
    days: int | None = None,
    scope: Scope | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is not kept.

    Raises InputError for a blank name, and for a ``scope`` of a key that may do more than ask.
    """
    if not name.strip():
        raise InputError("A key needs a name: say what it is for.", "name")
    if scope is not None and role != "member":
        raise InputError(
            f"A key that is limited to some agents or models has the role member, not {role}: make it one, or "
            "leave the limits out.",
            "role",
        )
    secret = new_secret(PREFIX, tenant_id)
    key = ApiKey(
        tenant_id=tenant_id,
        name=name.strip(),
        role=role,
        digest=secret.digest,
        hint=secret.text[-4:],
        agents=None if scope is None else sorted(scope.agents),
        models=None if scope is None else sorted(scope.models),
        user_id=user_id,
        expires_at=now() + timedelta(days=days) if days else None,
    )
    session.add(key)
    await session.flush()
    return key, secret.text


def described(key: ApiKey) -> dict[str, Any]:
    """What the audit log keeps of a key: its role, and its limits where it has any."""
    told = {"role": key.role, "agents": key.agents, "models": key.models}
    return {name: value for name, value in told.items() if value is not None}


async def list_keys(
    session: AsyncSession, limit: int | None = None, before: uuid.UUID | None = None
) -> list[ApiKey]:
    """The tenant's keys, newest first, revoked ones included: all, or ``limit`` of those made before one."""
    query = select(ApiKey).order_by(ApiKey.id.desc()).limit(limit)
    return list(await session.scalars(query if before is None else query.where(ApiKey.id < before)))


async def rotate_key(
    session: AsyncSession, actor: Actor, key_id: uuid.UUID, overlap: timedelta
) -> tuple[ApiKey, str]:
    """A new key in place of another, which stays valid for ``overlap`` at most, and its text.

    It has the other's name, role, limits and user, and is valid for as long as the other was made for. Raises
    NotFoundError, ConflictError where the other is not valid any more or was rotated already, or
    PermissionDeniedError for an owner's where the actor is none.
    """
    old = await session.scalar(select(ApiKey).where(ApiKey.id == key_id).with_for_update())
    if old is None:
        raise _no_key(key_id)
    actor.require_over(old.role)
    moment = now()
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= moment):
        raise ConflictError(f"The key {key_id} is revoked or expired. Create a new one.")
    if old.rotated_at is not None:
        raise ConflictError(
            f"The key {key_id} was rotated already. Rotate the key that took its place, or create a new one."
        )
    secret = new_secret(PREFIX, old.tenant_id)
    key = ApiKey(
        tenant_id=old.tenant_id, name=old.name, role=old.role, agents=old.agents, models=old.models,
        digest=secret.digest, hint=secret.text[-4:], user_id=old.user_id, line_id=old.line_id or old.id,
        expires_at=moment + (old.expires_at - old.created_at) if old.expires_at else None,
    )  # fmt: skip
    session.add(key)
    old.rotated_at, until = moment, moment + overlap
    old.expires_at = min(old.expires_at, until) if old.expires_at else until
    await session.flush()
    return key, secret.text


async def revoke_key(session: AsyncSession, actor: Actor, key_id: uuid.UUID) -> None:
    """Revoke a key; audited.

    Raises NotFoundError when the tenant has none of that id, PermissionDeniedError for an owner's where the actor is none.
    """
    actor.require("administer")
    key = await session.scalar(select(ApiKey).where(ApiKey.id == key_id))
    if key is None:
        raise _no_key(key_id)
    actor.require_over(key.role)
    key.revoked_at = key.revoked_at or now()
    record(session, actor, "key.revoked", str(key_id))


def _no_key(key_id: uuid.UUID) -> NotFoundError:
    return NotFoundError(f"There is no key {key_id}. whorl key list shows the keys.")


class ShownKey(NamedTuple):
    """A key as somebody shows it, and the role that it had when it was looked up."""

    digest: str
    role: Role


class Remembered(NamedTuple):
    """Who held a key when it was looked up; whether it is still valid must be asked."""

    actor: Actor
    key: ShownKey


class KeyHolders:
    """Who holds which key; keys of a tenant that are shown at once are looked up together, each time anew.

    Holders are remembered for those who ask the database anyway, and let it check the key in the same statement.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._lookups: Batches[str, Actor] = Batches(self._look_up)
        self._remembered: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    async def of(self, text: str) -> Actor:
        """The actor behind an API key; raises AuthenticationError when the key is not valid now."""
        tenant_id = tenant_or(_not_ours, PREFIX, text)
        shown = digest(text)
        try:
            actor = await self._lookups.add(tenant_id, shown)
        except AuthenticationError:
            self._remembered.pop(shown, None)
            raise
        self._remembered[shown] = actor, time.monotonic()
        self._remembered.move_to_end(shown)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return actor

    def remembered(self, text: str) -> Remembered | None:
        """Who held a key at its last look-up, or None."""
        shown = digest(text)
        actor, _ = self._remembered.get(shown, (None, 0.0))
        return None if actor is None else Remembered(actor, ShownKey(shown, actor.role))

    def trusted(self, text: str) -> Actor | None:
        """Who held a key at its last look-up, where that was within ``TRUSTED`` seconds; for when none can be made."""
        actor, at = self._remembered.get(digest(text), (None, 0.0))
        return actor if time.monotonic() - at < TRUSTED else None

    async def _look_up(self, tenant_id: uuid.UUID, digests: list[str]) -> list[Actor | Exception]:
        [rows] = await self._connections.row(_HOLDERS, [tenant_id, now(), sorted(set(digests))])
        actors = {row["digest"]: _holder(tenant_id, row) for row in rows}
        return [actors.get(shown) or AuthenticationError(UNKNOWN) for shown in digests]


def _holder(tenant_id: uuid.UUID, row: dict[str, Any]) -> Actor:
    return Actor(
        tenant_id, row["slug"], parse_role(row["role"]), row["name"], key_id=uuid.UUID(row["id"]),
        user_id=uuid.UUID(row["user_id"]) if row["user_id"] else None,
        scope=Scope.of(row["agents"], row["models"]), line_id=uuid.UUID(row["line"]),
    )  # fmt: skip


def _not_ours() -> AuthenticationError:
    return AuthenticationError("This is not an API key of Whorl: keys begin with whorl_.")
