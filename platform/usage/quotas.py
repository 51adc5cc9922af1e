"""Quotas: what a tenant may use, and what is left of it.

Tokens and dollars are known when a run ends, so that a tenant may pass these by what its runs under way use.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from .tables import Quota

MINUTE = timedelta(minutes=1)


class Quotas(BaseModel):
    """What a tenant may use; None is without limit. Days and months are those of UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: int | None = Field(None, ge=0)
    tokens_per_day: int | None = Field(None, ge=0)
    dollars_per_month: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)
    concurrent_runs: int | None = Field(None, ge=0)


@dataclass(frozen=True)
class Standing:
    """What is left of a tenant's quotas after a request was let in; None is without limit."""

    quotas: Quotas = field(default_factory=Quotas)
    requests: int | None = None
    tokens: int | None = None
    dollars: Decimal | None = None
    runs: int | None = None

    def headers(self) -> dict[str, str]:
        """The headers that OpenAI's clients read: limits, and what is left."""
        told = {
            "limit-requests": self.quotas.requests_per_minute, "remaining-requests": self.requests,
            "limit-tokens": self.quotas.tokens_per_day, "remaining-tokens": self.tokens,
        }  # fmt: skip
        return {f"x-ratelimit-{name}": str(value) for name, value in told.items() if value is not None}


async def quotas_of(session: AsyncSession, tenant_id: uuid.UUID) -> Quotas:
    """A tenant's quotas; without limit where nobody set any."""
    row = await session.get(Quota, tenant_id)
    if row is None:
        return Quotas()
    return Quotas(**{name: getattr(row, name) for name in Quotas.model_fields})


async def change_quotas(session: AsyncSession, tenant_id: uuid.UUID, quotas: Quotas) -> None:
    """Set all of a tenant's quotas."""
    await session.merge(Quota(tenant_id=tenant_id, changed_at=now(), **quotas.model_dump()))
