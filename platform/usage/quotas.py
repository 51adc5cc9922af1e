"""Quotas: what a tenant may use, and what is left of its tokens and dollars.

Tokens and dollars are known when a run ends, so that a tenant may pass these by what its runs under way use.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..errors import LimitError
from .tables import Quota, UsageDay

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


async def tokens_left(session: AsyncSession, quotas: Quotas, moment: datetime) -> int | None:
    """Tokens left of the day; raises LimitError where there are none."""
    most = quotas.tokens_per_day
    if most is None:
        return None
    total = func.sum(UsageDay.input_tokens + UsageDay.output_tokens)
    used = int(await session.scalar(select(total).where(UsageDay.day == moment.date())) or 0)
    if used >= most:
        midnight = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        raise LimitError(
            f"The workspace has used its {most} tokens of this day (UTC).",
            (midnight - moment).total_seconds(),
        )
    return most - used


async def check_spending(session: AsyncSession, quotas: Quotas, moment: datetime) -> None:
    """Raise LimitError where the month's dollars are spent."""
    most = quotas.dollars_per_month
    if most is None:
        return
    first = moment.date().replace(day=1)
    spent = await session.scalar(select(func.sum(UsageDay.cost)).where(UsageDay.day >= first)) or 0
    if spent >= most:
        month = (first + timedelta(days=32)).replace(day=1)
        begins = datetime(month.year, month.month, 1, tzinfo=moment.tzinfo)
        raise LimitError(
            f"The workspace has spent its {most} dollars of this month (UTC).",
            (begins - moment).total_seconds(),
        )
