"""API keys: shown once, stored as digests, revoked at once."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import tenant_session
from ..errors import AuthenticationError, NotFoundError
from .access import Actor, Role, parse_role
from .secrets import digest, new_secret, tenant_of
from .tables import ApiKey, Tenant

PREFIX = "whorl"


async def create_key(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    name: str,
    role: Role = "admin",
    *,
    user_id: uuid.UUID | None = None,
    days: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is not kept."""
    secret = new_secret(PREFIX, tenant_id)
    key = ApiKey(
        tenant_id=tenant_id,
        name=name,
        role=role,
        digest=secret.digest,
        hint=secret.text[-4:],
        user_id=user_id,
        expires_at=now() + timedelta(days=days) if days else None,
    )
    session.add(key)
    await session.flush()
    return key, secret.text


async def list_keys(session: AsyncSession) -> list[ApiKey]:
    """The tenant's keys, newest first, revoked ones included."""
    return list(await session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))


async def revoke_key(session: AsyncSession, key_id: uuid.UUID) -> ApiKey:
    """Revoke a key; raises NotFoundError when the tenant has none of that id."""
    key = await session.scalar(select(ApiKey).where(ApiKey.id == key_id))
    if key is None:
        raise NotFoundError(f"There is no key {key_id}. whorl key list shows the keys.")
    key.revoked_at = key.revoked_at or now()
    return key


async def authenticate_key(engine: AsyncEngine, text: str) -> Actor:
    """The actor behind an API key; raises AuthenticationError when the key is not valid now."""
    tenant_id = tenant_of(PREFIX, text)
    if tenant_id is None:
        raise AuthenticationError("This is not an API key of Whorl: keys begin with whorl_.")
    async with tenant_session(engine, tenant_id) as session:
        found = (
            await session.execute(
                select(ApiKey, Tenant.slug)
                .join(Tenant, Tenant.id == ApiKey.tenant_id)
                .where(ApiKey.digest == digest(text))
            )
        ).one_or_none()
    if found is None or not _valid(found[0], now()):
        raise AuthenticationError("The API key is unknown, expired or revoked.")
    key: ApiKey = found[0]
    return Actor(tenant_id, found[1], parse_role(key.role), key.name, user_id=key.user_id, key_id=key.id)


def _valid(key: ApiKey, moment: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > moment)
