"""Sealing all that is stored with the newest key, what lies in the clear included."""

import uuid
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.session import tenant_session
from ..telemetry.redaction.stored import PURPOSE as HASHES
from ..telemetry.redaction.stored import take_policy_turn
from ..telemetry.tables import RedactionPolicyVersion
from .providers import PURPOSE
from .sealing import Sealer
from .tables import SignOnProvider
from .tenants import list_tenants


class Sealed(NamedTuple):
    """A column whose values are sealed for ``purpose``; ``clear`` has those that were not sealed yet, as bytes."""

    table: Any
    column: str
    purpose: str
    clear: str | None = None


SEALED = (
    Sealed(SignOnProvider, "client_secret", PURPOSE),
    Sealed(RedactionPolicyVersion, "sealed_hash_key", HASHES, "hash_key"),
)


async def rotate(engine: AsyncEngine, sealer: Sealer) -> int:
    """Seal every stored secret of all tenants with the newest key; how many were in the clear or of older ones.

    Raises PrerequisiteError for one whose key is missing; what was sealed before that stays so.
    """
    changed = 0
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            await take_policy_turn(session, tenant.id)
            for place in SEALED:
                changed += await _seal(session, sealer, tenant.id, place)
    return changed


async def _seal(session: AsyncSession, sealer: Sealer, tenant_id: uuid.UUID, place: Sealed) -> int:
    changed = 0
    for row in await session.scalars(select(place.table).with_for_update()):
        secret = _opened(row, sealer, tenant_id, place)
        if secret is not None:
            setattr(row, place.column, sealer.seal(secret, tenant_id, place.purpose))
            if place.clear is not None:
                setattr(row, place.clear, None)
            changed += 1
    return changed


def _opened(row: Any, sealer: Sealer, tenant_id: uuid.UUID, place: Sealed) -> str | None:
    """The secret of a row that is to be sealed anew; None where it has none or the newest key sealed it."""
    clear: bytes | None = getattr(row, place.clear) if place.clear else None
    if clear is not None:
        return clear.hex()
    sealed: bytes | None = getattr(row, place.column)
    if sealed is None or sealer.is_newest(sealed):
        return None
    return sealer.open(sealed, tenant_id, place.purpose)
