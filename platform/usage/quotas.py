"""Quotas: what a tenant may use and ask, and what is left of it.

Tokens and dollars are known when a run ends, so that a tenant may pass these by what its runs under way use.
"""

import math
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..database.session import put_row
from ..errors import PermissionDeniedError
from .prices import NO_PRICE, Price
from .tables import Quota

MINUTE = timedelta(minutes=1)
Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=200)]


class Quotas(BaseModel):
    """What a tenant may use; None is without limit. Days and months are those of UTC.

    ``agents`` are those that may be asked, ``models`` what may be asked directly, the embedder included; in a name ``*``
    stands for any characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: int | None = Field(None, ge=0)
    tokens_per_day: int | None = Field(None, ge=0)
    dollars_per_month: Decimal | None = Field(
        None, ge=0, max_digits=14, decimal_places=2,
        description="Counted is what is asked of models with a price (WHORL_PRICES), and nothing else.",
    )  # fmt: skip
    concurrent_runs: int | None = Field(None, ge=0)
    agents: Names | None = None
    models: Names | None = None

    def permit(self, *, agent: str | None = None, model: str = "") -> bool:
        """Whether an agent, or without one a model directly, may be asked."""
        asked, names = (model, self.models) if agent is None else (agent, self.agents)
        return names is None or any(fnmatchcase(asked, name) for name in names)

    def uncounted(self, price: Price) -> bool:
        """Whether dollars are limited that a model of this price does not use up."""
        return bool(self.dollars_per_month) and price == NO_PRICE


@dataclass(frozen=True)
class Standing:
    """What is left of a tenant's quotas at a moment, after a request was let in or refused.

    None is without limit, or not known.
    """

    quotas: Quotas = field(default_factory=Quotas)
    requests: int | None = None
    tokens: int | None = None
    dollars: Decimal | None = None
    runs: int | None = None
    at: datetime = field(default_factory=now)

    def headers(self) -> dict[str, str]:
        """The headers that OpenAI's clients read, and the same of dollars and runs at once.

        Limits, what is left, and in which time all of it is there again, if nothing more is used: of requests at most.
        https://platform.openai.com/docs/guides/rate-limits
        """
        most = self.quotas
        told = {
            "limit-requests": most.requests_per_minute, "remaining-requests": self.requests,
            "reset-requests": most.requests_per_minute and span(MINUTE),
            "limit-tokens": most.tokens_per_day, "remaining-tokens": self.tokens,
            "reset-tokens": most.tokens_per_day and span(next_day(self.at) - self.at),
            "limit-dollars": _plain(most.dollars_per_month), "remaining-dollars": _plain(self.dollars),
            "reset-dollars": most.dollars_per_month and span(next_month(self.at) - self.at),
            "limit-runs": most.concurrent_runs, "remaining-runs": self.runs,
        }  # fmt: skip
        given = {name: value for name, value in told.items() if value is not None}
        # Where nothing may be used, no time brings it back.
        return {
            f"x-ratelimit-{name}": str(value)
            for name, value in given.items()
            if value or not name.startswith("reset")
        }


def _plain(dollars: Decimal | None) -> str | None:
    return None if dollars is None else f"{dollars.normalize():f}"


def next_day(moment: datetime) -> datetime:
    """The midnight (UTC) after a moment, when the day's tokens are there again."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def next_month(moment: datetime) -> datetime:
    """The first midnight (UTC) of the month after, when the month's dollars are there again."""
    first = next_day(moment.astimezone(UTC).replace(day=1)) - timedelta(days=1)
    return (first + timedelta(days=32)).replace(day=1)


def span(time: timedelta) -> str:
    """A time as OpenAI writes it, to the second above.

    >>> span(timedelta(seconds=59.2)), span(timedelta(days=1, seconds=1))
    ('1m0s', '24h0m1s')
    """
    minutes, seconds = divmod(math.ceil(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


async def quotas_of(session: AsyncSession, tenant_id: uuid.UUID) -> Quotas:
    """A tenant's quotas; without limit where nobody set any."""
    row = await session.get(Quota, tenant_id)
    if row is None:
        return Quotas()
    return Quotas(**{name: getattr(row, name) for name in Quotas.model_fields})


async def require_permitted(
    session: AsyncSession, tenant_id: uuid.UUID, *, agent: str | None = None, model: str = ""
) -> None:
    """Raise PermissionDeniedError for an agent, or a model, that nobody of the tenant may ask."""
    quotas = await quotas_of(session, tenant_id)
    if quotas.permit(agent=agent, model=model):
        return
    kind, asked, names = ("model", model, quotas.models) if agent is None else ("agent", agent, quotas.agents)
    known = (
        f"It may ask {', '.join(names)}."
        if names
        else f"It may ask no {kind}{' directly' * (agent is None)}."
    )
    raise PermissionDeniedError(
        f"The workspace may not ask the {kind} {asked}. {known} Ask the operator for another."
    )


async def change_quotas(session: AsyncSession, tenant_id: uuid.UUID, quotas: Quotas) -> None:
    """Set all of a tenant's quotas."""
    await put_row(session, Quota, tenant_id=tenant_id, changed_at=now(), **quotas.model_dump())
