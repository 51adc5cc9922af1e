"""Sealing all that is stored with the newest key."""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.session import tenant_session
from .providers import PURPOSE
from .sealing import Sealer
from .tables import SignOnProvider
from .tenants import list_tenants


class Sealed(NamedTuple):
    """A column whose values are sealed for ``purpose``."""

    table: Any
    column: str
    purpose: str


SEALED = (Sealed(SignOnProvider, "client_secret", PURPOSE),)


async def rotate(engine: AsyncEngine, sealer: Sealer) -> int:
    """Seal every stored secret of all tenants with the newest key; how many there were of older ones.

    Raises PrerequisiteError for one whose key is missing; what was sealed before that stays so.
    """
    changed = 0
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            for table, column, purpose in SEALED:
                for row in await session.scalars(select(table).with_for_update()):
                    sealed: bytes = getattr(row, column)
                    if not sealer.is_newest(sealed):
                        opened = sealer.open(sealed, tenant.id, purpose)
                        setattr(row, column, sealer.seal(opened, tenant.id, purpose))
                        changed += 1
    return changed
