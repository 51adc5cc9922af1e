"""Redaction policies over HTTP, and what redaction was measured to find."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from ..database.session import tenant_session
from ..identity.http import CurrentActor
from .redaction.measured import Measured, measured
from .redaction.policy import RedactionPolicy
from .redaction.stored import policy_history, store_policy
from .tables import RedactionPolicyVersion

router = APIRouter(prefix="/api/redaction", tags=["redaction"])


class PolicyView(BaseModel):
    """A policy, since when and by whom; version 0 is the default that nobody changed."""

    version: int
    policy: RedactionPolicy
    actor: str | None = None
    created_at: datetime | None = None


def _view(row: RedactionPolicyVersion) -> PolicyView:
    policy = RedactionPolicy.model_validate(row.policy)
    return PolicyView(version=row.version, policy=policy, actor=row.actor, created_at=row.created_at)


@router.get("/policy", response_model=PolicyView)
async def get_policy(actor: CurrentActor, request: Request) -> Any:
    """The policy in force."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        newest = await policy_history(session, 1)
    return _view(newest[0]) if newest else PolicyView(version=0, policy=RedactionPolicy())


@router.put("/policy", response_model=PolicyView)
async def put_policy(
    body: RedactionPolicy,
    actor: CurrentActor,
    request: Request,
    based_on: Annotated[
        int | None, Query(ge=0, description="Refuse if this is not the newest version.")
    ] = None,
) -> Any:
    """Put a policy in force for the runs that end from now on, within two seconds in every process."""
    actor.require("administer")
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return _view(await store_policy(session, whorl.sign_on.sealer, actor, body, based_on))


@router.get("/policy/history", response_model=list[PolicyView])
async def get_policy_history(
    actor: CurrentActor, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Any:
    """Every policy that was ever in force, newest first."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return [_view(row) for row in await policy_history(session, limit)]


@router.get("/measured", response_model=Measured)
async def get_measured(actor: CurrentActor) -> Any:
    """Recall by kind and precision of this release's redaction on labelled sets."""
    actor.require("administer")
    return measured()
