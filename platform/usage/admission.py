"""Admission: what a tenant asks for is let in where its quotas allow, counted in the database: replicas count together."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..database.session import take_turns
from ..errors import LimitError
from .quotas import MINUTE, Quotas, Standing, check_spending, quotas_of, tokens_left
from .tables import Admission


@dataclass(frozen=True)
class Room:
    """How many may be let in before ``full`` is said; None is without limit."""

    left: int | None = None
    full: LimitError | None = None

    def refusal(self, number: int) -> LimitError | None:
        """Why the request of that number, from 0, is not let in."""
        return self.full if self.left is not None and number >= self.left else None

    def after(self, number: int) -> int | None:
        """What is left after the request of that number."""
        return None if self.left is None else self.left - number - 1


async def _no_other_limit(session: AsyncSession, quotas: Quotas, moment: datetime) -> Room:
    return Room()


async def admit(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    wanted: int = 1,
    other_room: Callable[[AsyncSession, Quotas, datetime], Awaitable[Room]] = _no_other_limit,
) -> list[Standing | LimitError]:
    """Let so many requests in, the first of them first, or say why not: what is left, or a LimitError, for each.

    Those that are let in count once the transaction is committed; other requests of the tenant wait for that.
    ``other_room`` is what another limit leaves, counted while it is this request's turn.
    """
    quotas = await quotas_of(session, tenant_id)
    if quotas == Quotas():
        return [Standing(quotas)] * wanted
    await take_turns(session, f"quota:{tenant_id}")
    moment = now()
    try:
        tokens = await tokens_left(session, quotas, moment)
        await check_spending(session, quotas, moment)
    except LimitError as error:
        return [error] * wanted
    other = await other_room(session, quotas, moment)
    requests = await _requests_room(session, quotas, moment, wanted)
    results = [
        other.refusal(number) or requests.refusal(number) or Standing(quotas, requests.after(number), tokens)
        for number in range(wanted)
    ]
    if quotas.requests_per_minute is not None:
        await _count(session, tenant_id, moment, sum(isinstance(each, Standing) for each in results))
    return results


def let_in(admitted: Standing | LimitError) -> Standing:
    """What is left after a request that was let in; raises the LimitError of one that was not."""
    if isinstance(admitted, LimitError):
        raise admitted
    return admitted


async def _requests_room(session: AsyncSession, quotas: Quotas, moment: datetime, wanted: int) -> Room:
    """Requests left of the minute that ends now."""
    most = quotas.requests_per_minute
    if most is None:
        return Room()
    if most == 0:
        return Room(0, LimitError("The workspace may make no requests. Ask the operator."))
    # Clocks of replicas differ a little; an admission of a later time is of before a clock was set back.
    recent = Admission.at.between(moment - MINUTE, moment + MINUTE)
    left = most - int(await session.scalar(select(func.sum(Admission.requests)).where(recent)) or 0)
    if left >= wanted:
        return Room(left)
    # The first that is refused may be made when enough of those that count against it are a minute old.
    since = func.sum(Admission.requests).over(order_by=Admission.at.desc())
    running = select(Admission.at, since.label("since")).where(recent).subquery()
    last = select(func.max(running.c.at)).where(running.c.since >= min(most - left, most))
    oldest: datetime | None = await session.scalar(last)
    wait = ((oldest or moment) + MINUTE - moment).total_seconds()
    return Room(left, LimitError(f"The workspace may make {most} requests a minute.", max(wait, 0.1)))


async def _count(session: AsyncSession, tenant_id: uuid.UUID, moment: datetime, admitted: int) -> None:
    """Count requests that are let in, and forget those that no replica counts, whose clock may be behind."""
    await session.execute(delete(Admission).where(Admission.at < moment - 2 * MINUTE))
    if not admitted:
        return
    row = insert(Admission).values(tenant_id=tenant_id, at=moment, requests=admitted)
    added = {"requests": Admission.requests + row.excluded.requests}
    await session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "at"], set_=added))
