"""Agents and their tools over HTTP."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.identity.http import CurrentActor
from .definitions import NAME, Definition, define_agent, find_agent, forget_agent, list_agents

router = APIRouter(tags=["agents"])
Name = Annotated[str, Path(pattern=NAME)]


class AgentView(Definition):
    """An agent that the workspace has defined."""

    name: str
    created_at: datetime
    changed_at: datetime


class ToolView(BaseModel):
    """A tool that the workspace's agents may be offered; ``read_only`` ones change nothing anywhere."""

    name: str
    description: str
    read_only: bool
    parameters: dict[str, Any]


@router.get("/agents", response_model=list[AgentView])
async def get_agents(actor: CurrentActor, request: Request) -> Any:
    """The agents that the workspace has defined, by name; ``default`` is there also where it is not defined."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return [AgentView.of(row) for row in await list_agents(session, actor)]


@router.get("/agents/{name}", response_model=AgentView)
async def get_agent(name: Name, actor: CurrentActor, request: Request) -> Any:
    """The definition of an agent."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return AgentView.of(await find_agent(session, actor, name))


@router.put("/agents/{name}", response_model=AgentView)
async def put_agent(name: Name, body: Definition, actor: CurrentActor, request: Request) -> Any:
    """Define an agent, or define it anew; it holds for the runs that begin from then on."""
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return AgentView.of(
            await define_agent(session, actor, name, body, whorl.agents.toolbox, whorl.servers.base)
        )


@router.delete("/agents/{name}", status_code=204)
async def delete_agent(name: Name, actor: CurrentActor, request: Request) -> Response:
    """Take an agent's definition away; its runs stay."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await forget_agent(session, actor, name)
    return Response(status_code=204)


@router.get("/tools", response_model=list[ToolView])
async def get_tools(actor: CurrentActor, request: Request) -> Any:
    """The tools that the workspace's agents may be offered."""
    actor.require("chat")
    tools = request.app.state.whorl.agents.toolbox.of_tenant(actor.tenant_slug).tools.values()
    return [ToolView(**{name: getattr(tool, name) for name in ToolView.model_fields}) for tool in tools]
