"""Retention over HTTP."""

from typing import Any

from fastapi import APIRouter, Request

from ..platform.database.session import tenant_session
from ..platform.identity.http import CurrentActor
from .retention import Days, change_days, days_of

router = APIRouter(tags=["retention"])


@router.get("/retention", response_model=Days)
async def get_retention(actor: CurrentActor, request: Request) -> Any:
    """For how many days runs and conversations are kept."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await days_of(session, actor.tenant_id)


@router.put("/retention", response_model=Days)
async def put_retention(body: Days, actor: CurrentActor, request: Request) -> Any:
    """Say for how many days runs and conversations are kept; what is older goes at night."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await change_days(session, actor, body)
    return body
