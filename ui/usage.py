"""Usage: runs, tokens and dollars of the last thirty days, beside what the workspace may use."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.usage.quotas import Quotas, quotas_of
from ..platform.usage.record import period, usage_by
from .frame import Administrator, Context, render
from .people import names_of_sources

router = APIRouter(prefix="/admin/usage")
QUOTAS = {
    "requests_per_minute": "requests a minute",
    "tokens_per_day": "tokens a day",
    "dollars_per_month": "dollars a month",
    "concurrent_runs": "runs at once",
}


@dataclass(frozen=True, kw_only=True)
class UsageContext(Context):
    """What was used by day, newest first, by person or key, by model and agent; and the quotas by name.

    ``open`` are the agents and the models that alone may be asked, where there are such; ``uncounted`` is the base model where
    it has no price though dollars are limited.
    """

    template: ClassVar[str] = "usage.html"
    section: ClassVar[str] = "usage"
    first: date
    days: list[dict[str, Any]]
    actors: list[dict[str, Any]]
    models: list[dict[str, Any]]
    agents: list[dict[str, Any]]
    names: dict[str, str]
    quotas: list[tuple[str, Any]]
    open: dict[str, tuple[str, ...]]
    uncounted: str


@router.get("")
async def show_usage(actor: Administrator, request: Request) -> Response:
    """The last ``DAYS`` days."""
    first, last = period(None, None)
    whorl = request.app.state.whorl
    base = whorl.servers.base
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        days, actors, models, agents = [
            await usage_by(session, by, first, last) for by in ("day", "actor", "model", "agent")
        ]
        names = await names_of_sources(session, (row["actor"] for row in actors))
        quotas = await quotas_of(session, actor.tenant_id)
    return render(
        UsageContext(
            title="Usage", actor=actor, first=first, days=days[::-1], actors=_most_first(actors),
            models=_most_first(models), agents=_most_first(agents), names=names, quotas=_named(quotas),
            open=_open(quotas), uncounted=base if quotas.uncounted(whorl.prices.of(base)) else "",
        )
    )  # fmt: skip


def _most_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: -(row["input_tokens"] + row["output_tokens"]))


def _named(quotas: Quotas) -> list[tuple[str, Any]]:
    """The quotas that are set, by what they limit."""
    return [(name, value) for field, name in QUOTAS.items() if (value := getattr(quotas, field)) is not None]


def _open(quotas: Quotas) -> dict[str, tuple[str, ...]]:
    """What alone may be asked, by its kind."""
    kinds = {"agents": quotas.agents, "models, directly,": quotas.models}
    return {kind: names for kind, names in kinds.items() if names is not None}
