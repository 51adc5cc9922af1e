"""Usage and quotas over HTTP."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from ..database.session import tenant_session
from ..identity.http import CurrentActor
from .quotas import Quotas, quotas_of
from .record import By, period, usage_by

router = APIRouter(prefix="/api", tags=["usage"])
DAYS = 30


class UsageView(BaseModel):
    """What was used by one day, actor, agent or model; dollars of what has a price."""

    day: date | None = None
    actor: str | None = None
    agent: str | None = None
    model: str | None = None
    runs: int
    input_tokens: int
    output_tokens: int
    dollars: float


@router.get("/usage", response_model=list[UsageView], response_model_exclude_none=True)
async def get_usage(
    actor: CurrentActor,
    request: Request,
    by: By = "day",
    since: Annotated[date | None, Query(description="First day (UTC); by default 30 days ago.")] = None,
    until: Annotated[date | None, Query(description="Last day (UTC); by default today.")] = None,
) -> Any:
    """Runs, tokens and dollars of the workspace."""
    actor.require("administer")
    first, last = period(since, until)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await usage_by(session, by, first, last)


@router.get("/quotas", response_model=Quotas)
async def get_quotas(actor: CurrentActor, request: Request) -> Any:
    """What the workspace may use; the operator sets it (``whorl tenant quota``)."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await quotas_of(session, actor.tenant_id)
