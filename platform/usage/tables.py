"""Tables of usage: what each tenant used by day, and what it may use."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, now


class UsageDay(TenantTable, Base):
    """What one actor used of one agent and model on one day (UTC); ``cost`` in US dollars of what has a price."""

    __tablename__ = "usage_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    actor: Mapped[str] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    runs: Mapped[int] = mapped_column(BigInteger, default=0)
    input_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    output_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    cost: Mapped[Decimal] = mapped_column(Numeric(20, 9), default=0)


class Admission(TenantTable, Base):
    """Requests that were let in at a moment; kept for as long as quotas of the minute count them."""

    __tablename__ = "admissions"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    requests: Mapped[int]


class Quota(TenantTable, Base):
    """What a tenant may use, and ask; None is without limit."""

    __tablename__ = "quotas"

    requests_per_minute: Mapped[int | None]
    tokens_per_day: Mapped[int | None] = mapped_column(BigInteger)
    dollars_per_month: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    concurrent_runs: Mapped[int | None]
    agents: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    models: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[datetime] = mapped_column(default=now)
