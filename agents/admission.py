"""Admission: a run starts where the tenant's quotas let it, counted in the database, so that replicas count together."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.database.session import take_turns
from ..platform.errors import LimitError
from ..platform.usage.quotas import MINUTE, Quotas, Standing, check_spending, quotas_of, tokens_left
from .captured import CAPTURED_TAG
from .tables import Run

# Of runs that no quota counts: evaluations, shadows; those of other programs have a tag of their own.
UNMETERED_TAG = "unmetered"
# Seconds after which a run that must wait for another to end may ask again.
_RETRY = 1.0


async def admit(
    session: AsyncSession, tenant_id: uuid.UUID, longest: timedelta, wanted: int = 1
) -> list[Standing | LimitError]:
    """Let so many runs start, the first of them first, or say why not: what is left, or a LimitError, for each.

    The caller inserts those that are let in, in the same transaction; others wait until it has.
    ``longest`` is how long a run may take: what runs for longer has died.
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
    running = await _running_room(session, quotas, moment - longest)
    requests = await _requests_room(session, quotas, moment, wanted)
    return [
        running.refusal(number)
        or requests.refusal(number)
        or Standing(quotas, requests.after(number), tokens)
        for number in range(wanted)
    ]


@dataclass(frozen=True)
class _Room:
    """How many may start before ``full`` is said; None is without limit."""

    left: int | None = None
    full: LimitError | None = None

    def refusal(self, number: int) -> LimitError | None:
        """Why the run of that number, from 0, may not start."""
        return self.full if self.left is not None and number >= self.left else None

    def after(self, number: int) -> int | None:
        """What is left after the run of that number."""
        return None if self.left is None else self.left - number - 1


def _counted() -> list[ColumnElement[bool]]:
    return [~Run.tags.contains([tag]) for tag in (UNMETERED_TAG, CAPTURED_TAG)]


async def _running_room(session: AsyncSession, quotas: Quotas, since: datetime) -> _Room:
    most = quotas.concurrent_runs
    if most is None:
        return _Room()
    alive = func.coalesce(Run.resumed_at, Run.started_at) > since
    running = select(func.count()).where(Run.status == "running", alive, *_counted())
    left = most - (await session.scalar(running) or 0)
    return _Room(
        left, LimitError(f"The workspace may have {most} runs at once. Wait until one ends.", _RETRY)
    )


async def _requests_room(session: AsyncSession, quotas: Quotas, moment: datetime, wanted: int) -> _Room:
    """Requests left of the minute that ends now."""
    most = quotas.requests_per_minute
    if most is None:
        return _Room()
    if most == 0:
        return _Room(0, LimitError("The workspace may make no requests. Ask the operator."))
    # Clocks of replicas differ a little; a run of a later time is of before a clock was set back.
    recent = (Run.started_at.between(moment - MINUTE, moment + MINUTE), *_counted())
    left = most - (await session.scalar(select(func.count()).where(*recent)) or 0)
    if left >= wanted:
        return _Room(left)
    # The first that is refused may start when the oldest that counts against it is a minute old.
    made = most - left
    newest = select(Run.started_at).where(*recent).order_by(Run.started_at.desc())
    oldest: datetime | None = (
        await session.scalar(newest.offset(min(made, most) - 1).limit(1)) if made else None
    )
    wait = ((oldest or moment) + MINUTE - moment).total_seconds()
    return _Room(left, LimitError(f"The workspace may make {most} requests a minute.", max(wait, 0.1)))
