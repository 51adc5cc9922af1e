"""Adapters, who answers, and promotion over HTTP."""

import uuid
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.responses import Response

from ..agents.names import DEFAULT_AGENT
from ..platform.database.session import tenant_session
from ..platform.identity.http import CurrentActor
from ..platform.paging import OnePage, number_of
from ..platform.serving.adapters import find_adapter, list_adapters
from ..platform.serving.tables import Route
from ..platform.validation import Body
from .deletion import delete_adapter
from .promotion import SHARE, promote, rollback, start_trial, stop_trials
from .status import adapter_status
from .traffic import live_ledger

router = APIRouter(tags=["promotion"])


class AdapterView(BaseModel):
    """An adapter with its card."""

    name: str
    version: int
    state: str
    method: str
    base_hash: str
    dataset_id: uuid.UUID | None
    card: dict[str, Any]
    created_at: datetime


class Promotion(Body):
    """For which agent, how far, and whether to pass over the gate."""

    agent: str = DEFAULT_AGENT
    stage: Literal["shadow", "canary", "serving"] = "serving"
    share: float = Field(SHARE, gt=0, le=1, description="Of conversations, for shadow and canary.")
    auto: bool = Field(False, description="Promote a canary once its test says that it is ready.")
    force: bool = False
    without: list[str] = Field(default_factory=list, description="Checks that need not have been done.")


class RouteView(BaseModel):
    """Which adapter answers for an agent; None is the base model. ``candidate`` is tried beside it."""

    agent: str
    adapter: str | None
    swap_ms: float | None = None
    stage: str | None = None
    candidate: str | None = None
    share: float | None = None


class StatusView(BaseModel):
    """Where an adapter stands: the gate's checks, its trial with both arms, the agents it answers for."""

    adapter: str
    state: str
    agents: list[str]
    gate: list[dict[str, Any]]
    refusal: str
    trial: dict[str, Any] | None


class LiveView(BaseModel):
    """Runs of live traffic, which are not paired: how many of base and adapter, how many conversations judged.

    ``value`` has by measure (tokens, seconds, dollars, success) both means, their difference and its 95 % interval.
    """

    kind: str
    runs: dict[str, int]
    judged: dict[str, int]
    value: dict[str, dict[str, Any]]


@router.get("/adapters", response_model=list[AdapterView])
async def get_adapters(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """The adapters, newest first; the Link header leads to older ones."""
    actor.require("read")
    before = page.place(number_of)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        adapters = await list_adapters(session, page.limit, before)
    page.lead([str(adapter.version) for adapter in adapters])
    return adapters


@router.delete("/adapters/{name}", status_code=204)
async def remove_adapter(name: str, actor: CurrentActor, request: Request) -> Response:
    """Delete the weights of an adapter that answers nobody; its card stays, as does its name, which no other gets."""
    whorl = request.app.state.whorl
    await delete_adapter(whorl.engine, whorl.servers, actor, name)
    return Response(status_code=204)


@router.get("/adapters/{name}/status", response_model=StatusView)
async def get_status(name: str, actor: CurrentActor, request: Request) -> Any:
    """Where an adapter stands on its way to serving."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return (await adapter_status(session, name)).value()


@router.get("/adapters/{name}/value", response_model=LiveView)
async def get_value(name: str, actor: CurrentActor, request: Request) -> Any:
    """What an adapter's latest runs of live traffic took and earned, beside the base's of the same agents."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await live_ledger(session, (await find_adapter(session, name)).name)


@router.post("/adapters/{name}/promote", response_model=RouteView)
async def promote_adapter(name: str, body: Promotion, actor: CurrentActor, request: Request) -> Any:
    """Let an adapter that passed the gate answer from now on, or try it as a shadow or a canary."""
    whorl = request.app.state.whorl
    if body.stage != "serving":
        trial = await start_trial(
            whorl.engine, whorl.servers, actor, name, body.stage, body.share,
            agent=body.agent, auto=body.auto, force=body.force, without=body.without,
        )  # fmt: skip
        return RouteView(
            agent=body.agent, adapter=trial.incumbent, stage=body.stage, candidate=name, share=body.share
        )
    swap = await promote(
        whorl.engine, whorl.servers, actor, name, agent=body.agent, force=body.force, without=body.without
    )
    return RouteView(agent=body.agent, adapter=name, swap_ms=round(swap, 1))


@router.post("/adapters/{name}/stop", response_model=StatusView)
async def stop_adapter(name: str, actor: CurrentActor, request: Request) -> Any:
    """End an adapter's shadow or canary; its conversations go back to the one that answers."""
    actor.require("administer")
    whorl = request.app.state.whorl
    await stop_trials(whorl.engine, whorl.servers, actor, name, f"stopped by {actor.label}")
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return (await adapter_status(session, name)).value()


@router.post("/agents/{agent}/rollback", response_model=RouteView)
async def rollback_agent(agent: str, actor: CurrentActor, request: Request) -> Any:
    """End the agent's canary; without one, let the adapter before the present one answer again."""
    whorl = request.app.state.whorl
    target = await rollback(whorl.engine, whorl.servers, actor, agent=agent)
    return RouteView(agent=agent, adapter=target)


@router.get("/routes", response_model=list[RouteView])
async def get_routes(actor: CurrentActor, request: Request) -> Any:
    """Which adapter answers for which agent."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        routes = await session.scalars(select(Route).order_by(Route.agent))
        return [RouteView(agent=route.agent, adapter=route.adapter) for route in routes]
