"""Admission: what a tenant asks for is let in where its quotas allow, counted in the database: replicas count together.

The function ``admit_requests`` of the schema counts and lets in; here is what is said to those who asked.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..errors import DollarsError, LimitError, QuotaError, TokensError
from .quotas import MINUTE, Quotas, Standing, next_day, next_month

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
    left = _left(counted, moment)
    spent = _spent(counted, left)
    if spent is not None:
        return [spent] * wanted
    after = replace(
        left, requests=_after(left.requests, counted.let_in), runs=_after(left.runs, counted.let_in)
    )
    runs = _Room(counted.runs_left, partial(_too_many_runs, after))
    requests = _Room(counted.requests_left, partial(_too_many_requests, counted, after))
    return [
        runs.refusal(number)
        or requests.refusal(number)
        or replace(left, requests=requests.after(number), runs=runs.after(number))
        for number in range(wanted)
    ]


def _left(counted: Counted, moment: datetime) -> Standing:
    """What was left before the requests; what nobody counted is not known."""
    quotas = Quotas(
        requests_per_minute=counted.most_requests, tokens_per_day=counted.most_tokens,
        dollars_per_month=counted.most_dollars, concurrent_runs=counted.most_runs,
    )  # fmt: skip
    tokens = dollars = None
    if counted.most_tokens is not None and counted.tokens is not None:
        tokens = max(0, counted.most_tokens - counted.tokens)
    if counted.most_dollars is not None and counted.dollars is not None:
        dollars = max(Decimal(), counted.most_dollars - counted.dollars)
    return Standing(quotas, counted.requests_left, tokens, dollars, counted.runs_left, moment)


def _after(left: int | None, let_in: int) -> int | None:
    """What is left after so many; one may have been left less than nothing when a quota was lowered."""
    return None if left is None else max(0, left - let_in)


def let_in(admitted: Standing | LimitError) -> Standing:
    """What is left after a request that was let in; raises the LimitError of one that was not."""
    if isinstance(admitted, LimitError):
        raise admitted
    return admitted


@dataclass(frozen=True)
class _Room:
    """How many may be let in before ``full`` is said; None is without limit."""

    left: int | None
    full: Callable[[], LimitError]

    def refusal(self, number: int) -> LimitError | None:
        """Why the request of that number, from 0, is not let in."""
        return self.full() if self.left is not None and number >= self.left else None

    def after(self, number: int) -> int | None:
        """What is left after the request of that number."""
        return _after(self.left, number + 1)


def _spent(counted: Counted, left: Standing) -> LimitError | None:
    """That the day's tokens or the month's dollars are used up."""
    if left.tokens == 0:
        wait = (next_day(left.at) - left.at).total_seconds()
        text = f"The workspace has used its {counted.most_tokens} tokens of this day (UTC)."
        return TokensError(text, wait, left.headers())
    if left.dollars == 0:
        wait = (next_month(left.at) - left.at).total_seconds()
        text = f"The workspace has spent its {counted.most_dollars} dollars of this month (UTC)."
        return DollarsError(text, wait, left.headers())
    return None


def _too_many_runs(left: Standing) -> LimitError:
    most = left.quotas.concurrent_runs
    text = f"The workspace may have {most} runs at once. Wait until one ends."
    return QuotaError(text, _RETRY, left.headers())


def _too_many_requests(counted: Counted, left: Standing) -> LimitError:
    if counted.most_requests == 0:
        return QuotaError("The workspace may make no requests. Ask the operator.", headers=left.headers())
    wait = ((counted.again or left.at) + MINUTE - left.at).total_seconds()
    told = min(max(wait, 0.1), MINUTE.total_seconds())
    text = f"The workspace may make {counted.most_requests} requests a minute."
    return QuotaError(text, told, left.headers())
