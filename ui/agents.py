"""Agents that the workspace defines: what they are told, their tools, what waits for a person."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..agents.definitions import list_agents
from ..agents.graph import Approve
from ..agents.names import DEFAULT_AGENT
from ..agents.prompt import SYSTEM
from ..agents.tables import AgentRow
from ..agents.tools.base import Tool
from ..platform.database.session import tenant_session
from .frame import Context, Reader, render

router = APIRouter(prefix="/admin/agents")
APPROVALS: dict[Approve, str] = {
    "never": "no call",
    "changing": "calls of tools that may change something",
    "always": "every call",
}


@dataclass(frozen=True, kw_only=True)
class AgentsContext(Context):
    """The agents that are defined; ``own`` is the prompt of those that have none."""

    template: ClassVar[str] = "agents.html"
    section: ClassVar[str] = "agents"
    agents: list[AgentRow]
    tools: list[Tool]
    approvals: dict[Approve, str]
    own: str = SYSTEM
    default: str = DEFAULT_AGENT


@router.get("")
async def show_agents(actor: Reader, request: Request) -> Response:
    """The agents by name."""
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        agents = await list_agents(session, actor)
    tools = list(whorl.agents.toolbox.of_tenant(actor.tenant_slug).tools.values())
    return render(AgentsContext(title="Agents", actor=actor, agents=agents, tools=tools, approvals=APPROVALS))
