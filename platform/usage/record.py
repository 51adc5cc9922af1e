"""Usage: recorded as runs end, summed by day, actor, agent or model."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..errors import InputError
from .tables import UsageDay

By = Literal["day", "actor", "agent", "model"]
BY: tuple[By, ...] = get_args(By)
KEYS = ("tenant_id", "day", "actor", "agent", "model")
COUNTED = ("runs", "input_tokens", "output_tokens", "cost")
# Days that are shown where nobody says which.
DAYS = 30
# Whose usage is that of people who were erased.
ERASED = "erased"


@dataclass(frozen=True)
class Used:
    """What one run used; ``cost`` in US dollars, None for a model without a price.

    ``runs`` is 0 for what a run used that was counted before.
    """

    actor: str
    agent: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: float | None
    runs: int = 1


async def record_usage(session: AsyncSession, tenant_id: uuid.UUID, *runs: Used) -> None:
    """Add runs to the tenant's day, in an order in which no two processes wait for each other."""
    today = now().date()
    summed: dict[tuple[str, str, str], dict[str, Any]] = {}
    for used in runs:
        row = summed.setdefault((used.actor, used.agent, used.model), dict.fromkeys(COUNTED, 0))
        for name in COUNTED:
            row[name] += getattr(used, name) or 0
    for (actor, agent, model), counts in sorted(summed.items(), key=lambda each: each[0]):
        values = {"tenant_id": tenant_id, "day": today, "actor": actor, "agent": agent, "model": model}
        await _add(session, {**values, **counts})


async def forget_actor(session: AsyncSession, tenant_id: uuid.UUID, actor: str) -> int:
    """Count what ``actor`` used as nobody's (``ERASED``), so that totals stay; returns of how many days."""
    rows = list(await session.scalars(select(UsageDay).where(UsageDay.actor == actor)))
    for row in rows:
        await _add(session, {**_values(row), "actor": ERASED})
        await session.delete(row)
    return len(rows)


def _values(row: UsageDay) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in UsageDay.__table__.columns}


async def _add(session: AsyncSession, values: dict[str, Any]) -> None:
    """Insert a day's usage, or add it to what is there."""
    row = insert(UsageDay).values(**values)
    added = {name: getattr(UsageDay, name) + row.excluded[name] for name in COUNTED}
    await session.execute(row.on_conflict_do_update(index_elements=KEYS, set_=added))


def period(since: date | None, until: date | None) -> tuple[date, date]:
    """First and last day: those given, else the last ``DAYS`` and today (UTC); raises InputError for none."""
    last = until or now().date()
    first = since or date.fromordinal(max(1, last.toordinal() - DAYS))
    if first > last:
        raise InputError(f"The first day ({first}) is after the last ({last}).")
    return first, last


async def usage_by(session: AsyncSession, by: By, since: date, until: date) -> list[dict[str, Any]]:
    """Runs, tokens and dollars of the days from ``since`` to ``until``, both included, for each value of ``by``."""
    column = getattr(UsageDay, by)
    rows = await session.execute(
        select(
            column,
            func.sum(UsageDay.runs),
            func.sum(UsageDay.input_tokens),
            func.sum(UsageDay.output_tokens),
            func.sum(UsageDay.cost),
        )
        .where(UsageDay.day.between(since, until))
        .group_by(column)
        .order_by(column)
    )
    return [
        {by: value, "runs": int(runs), "input_tokens": int(read), "output_tokens": int(written), "dollars": float(cost)}
        for value, runs, read, written, cost in rows
    ]  # fmt: skip
