"""Admission: what a tenant asks for is let in where its quotas allow, counted in the database: replicas count together.

The function ``admit_requests`` of the schema counts and lets in; here is what is said to those who asked.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..errors import LimitError
from .quotas import MINUTE, Quotas, Standing

# Seconds after which a run that must wait for another to end may ask again.
_RETRY = 1.0
_ADMIT = text("SELECT * FROM admit_requests(:tenant, :moment, :wanted, CAST(:longest AS interval))")


class Counted(NamedTuple):
    """What ``admit_requests`` tells: the quotas, what counts against them, and how many it let in.

    ``tokens`` and ``dollars`` are used up, ``runs_left`` and ``requests_left`` were left before these requests;
    ``again`` is when the request was let in whose minute must be over before another is. None: without limit.
    """

    most_requests: int | None
    most_tokens: int | None
    most_dollars: Decimal | None
    most_runs: int | None
    tokens: int | None
    dollars: Decimal | None
    runs_left: int | None
    requests_left: int | None
    again: datetime | None
    let_in: int


async def admit(
    session: AsyncSession, tenant_id: uuid.UUID, wanted: int = 1, longest: timedelta | None = None
) -> list[Standing | LimitError]:
    """Let so many requests in, the first of them first, or say why not: what is left, or a LimitError, for each.

    Those that are let in count once the transaction is committed; other requests of the tenant wait for that.
    ``longest`` is how long a run may take, where they are runs, of which so many may be under way at once: what
    runs for longer has died, and the caller inserts those that are let in, in the same transaction.
    """
    moment = now()
    values = {"tenant": tenant_id, "moment": moment, "wanted": wanted, "longest": longest}
    counted = Counted(*(await session.execute(_ADMIT, values)).one())
    return standings(counted, moment, wanted)


def standings(counted: Counted, moment: datetime, wanted: int) -> list[Standing | LimitError]:
    """What each request is told that was counted at ``moment``."""
    spent = _spent(counted, moment)
    if spent is not None:
        return [spent] * wanted
    quotas = Quotas(
        requests_per_minute=counted.most_requests, tokens_per_day=counted.most_tokens,
        dollars_per_month=counted.most_dollars, concurrent_runs=counted.most_runs,
    )  # fmt: skip
    tokens = None if counted.most_tokens is None else counted.most_tokens - (counted.tokens or 0)
    dollars = None if counted.most_dollars is None else counted.most_dollars - (counted.dollars or 0)
    runs = _Room(counted.runs_left, _too_many_runs(counted))
    requests = _Room(counted.requests_left, _too_many_requests(counted, moment))
    return [
        runs.refusal(number)
        or requests.refusal(number)
        or Standing(quotas, requests.after(number), tokens, dollars, runs.after(number))
        for number in range(wanted)
    ]


def let_in(admitted: Standing | LimitError) -> Standing:
    """What is left after a request that was let in; raises the LimitError of one that was not."""
    if isinstance(admitted, LimitError):
        raise admitted
    return admitted


@dataclass(frozen=True)
class _Room:
    """How many may be let in before ``full`` is said; None is without limit."""

    left: int | None
    full: LimitError

    def refusal(self, number: int) -> LimitError | None:
        """Why the request of that number, from 0, is not let in."""
        return self.full if self.left is not None and number >= self.left else None

    def after(self, number: int) -> int | None:
        """What is left after the request of that number."""
        return None if self.left is None else self.left - number - 1


def _spent(counted: Counted, moment: datetime) -> LimitError | None:
    """That the day's tokens or the month's dollars are used up; what is not counted was used up before it."""
    most_tokens, most_dollars = counted.most_tokens, counted.most_dollars
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if most_tokens is not None and counted.tokens is not None and counted.tokens >= most_tokens:
        wait = (midnight + timedelta(days=1) - moment).total_seconds()
        return LimitError(f"The workspace has used its {most_tokens} tokens of this day (UTC).", wait)
    if most_dollars is not None and counted.dollars is not None and counted.dollars >= most_dollars:
        month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        wait = (month - moment).total_seconds()
        return LimitError(f"The workspace has spent its {most_dollars} dollars of this month (UTC).", wait)
    return None


def _too_many_runs(counted: Counted) -> LimitError:
    most = counted.most_runs
    return LimitError(f"The workspace may have {most} runs at once. Wait until one ends.", _RETRY)


def _too_many_requests(counted: Counted, moment: datetime) -> LimitError:
    if counted.most_requests == 0:
        return LimitError("The workspace may make no requests. Ask the operator.")
    wait = ((counted.again or moment) + MINUTE - moment).total_seconds()
    told = min(max(wait, 0.1), MINUTE.total_seconds())
    return LimitError(f"The workspace may make {counted.most_requests} requests a minute.", told)
