"""Agents that a workspace defines: what the model is told, which tools it is offered, what waits for a person.

A run names its agent. What its definition leaves open is as every agent has it, and so is a run whose agent has none.
"""

import re
from dataclasses import replace
from typing import Annotated, Self, get_args

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.database.session import count_of, take_turns
from ..platform.errors import InputError, NotFoundError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.tables import Route
from ..platform.storable import storable
from ..retrieval.library import DOCUMENTS
from .execution import RunRequest
from .graph import Approve
from .names import DEFAULT_AGENT, DIRECT, MODEL
from .tables import AgentRow, RecalledTool
from .toolbox import Toolbox

NAME = r"^[a-z][a-z0-9_-]{0,63}$"
# From the fewest calls that wait for a person to the most.
_STRICTNESS: tuple[Approve, ...] = get_args(Approve)
_TAKEN = frozenset({DIRECT, MODEL})


class Definition(BaseModel):
    """What an agent is. ``prompt`` takes the place of Whorl's own, which asks for passages to be quoted and cited.

    ``tools`` are those it is offered, all where it is None; ``collection`` is what they search. ``approve`` are the
    calls that wait for a person at least; a request may ask for more. ``most_steps`` (calls of the model) and
    ``answer_tokens`` (of one reply) count below the limits of the server.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = Field("", max_length=500)
    prompt: str | None = Field(None, min_length=1, max_length=20_000)
    tools: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(None, max_length=200)
    collection: str = Field(DOCUMENTS, pattern=NAME)
    approve: Approve = "never"
    most_steps: int | None = Field(None, ge=1, le=100)
    answer_tokens: int | None = Field(None, ge=1, le=1_000_000)

    @classmethod
    def of(cls, row: AgentRow) -> Self:
        """The definition that is stored, or a view of it that shows more of the row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


async def list_agents(session: AsyncSession, actor: Actor) -> list[AgentRow]:
    """The agents that the workspace has defined and the actor may ask, by name."""
    rows = await session.scalars(select(AgentRow).order_by(AgentRow.name))
    return [row for row in rows if actor.may_ask(agent=row.name)]


async def find_agent(session: AsyncSession, actor: Actor, name: str) -> AgentRow:
    """The agent of that name; raises NotFoundError, or PermissionDeniedError outside of the actor's scope."""
    actor.require_asking(agent=name)
    row = await session.get(AgentRow, (actor.tenant_id, name))
    if row is None:
        raise NotFoundError(f"There is no definition of an agent {name!r}.")
    return row


async def define_agent(
    session: AsyncSession, actor: Actor, name: str, definition: Definition, toolbox: Toolbox, base: str
) -> AgentRow:
    """Define an agent, or define it anew; it holds for the runs that begin from then on.

    Raises InputError for a name that a model has, and for a tool that the workspace does not have.
    """
    actor.require("administer")
    if re.fullmatch(NAME, name) is None:
        raise InputError(
            f"{name!r} cannot be an agent's name: small letters, digits, _ and -, a letter first, 64 at most.",
            "name",
        )
    if name in _TAKEN or name == base:
        raise InputError(f"{name} is the name of a model. Choose another.", "name")
    known = toolbox.of_tenant(actor.tenant_slug).tools
    if unknown := [tool for tool in definition.tools or () if tool not in known]:
        raise InputError(
            f"There is no tool {', '.join(unknown)}. Tools are: {', '.join(known) or 'none'}.", "tools"
        )
    if len(set(definition.tools or ())) < len(definition.tools or ()):
        raise InputError("A tool is named twice.", "tools")
    await take_turns(session, f"agent {actor.tenant_id} {name}")
    row = await session.get(AgentRow, (actor.tenant_id, name))
    if row is None:
        row = AgentRow(tenant_id=actor.tenant_id, name=name)
        session.add(row)
    for field, value in storable(definition.model_dump()).items():
        setattr(row, field, value)
    row.changed_at = now()
    await session.flush()
    record(session, actor, "agent.defined", name, tools=definition.tools, approve=definition.approve)
    return row


async def forget_agent(session: AsyncSession, actor: Actor, name: str) -> None:
    """Take an agent's definition away; its runs stay. Raises NotFoundError where there is none."""
    actor.require("administer")
    if not await count_of(session, delete(AgentRow).where(AgentRow.name == name)):
        raise NotFoundError(f"There is no definition of an agent {name!r}.")
    record(session, actor, "agent.forgotten", name)


async def require_agent(session: AsyncSession, actor: Actor, name: str) -> None:
    """Raise NotFoundError for an agent that the workspace neither defined nor promoted an adapter for."""
    if name == DEFAULT_AGENT:
        return
    known = [await session.get(table, (actor.tenant_id, name)) for table in (Route, AgentRow)]
    if known == [None, None]:
        agents = [DEFAULT_AGENT, *(row.name for row in await list_agents(session, actor))]
        raise NotFoundError(f"There is no agent {name!r}. Agents are: {', '.join(dict.fromkeys(agents))}.")


async def as_defined(
    session: AsyncSession, actor: Actor, request: RunRequest, toolbox: Toolbox, *, begun: bool = False
) -> RunRequest:
    """A request with what its agent's definition says, and without the tools that the workspace recalled.

    ``toolbox`` has the tools of all workspaces; a request that brings its own tools, as an evaluation does, has them
    called as it says. A run that has ``begun`` goes on also where its agent's definition was taken away meanwhile.

    Raises NotFoundError for an agent that the workspace neither defined nor promoted an adapter for,
    PermissionDeniedError for one outside of the actor's scope, and InputError where calls wait for a person and the
    run has no conversation to wait in.
    """
    row = await session.get(AgentRow, (actor.tenant_id, request.agent))
    if not begun:
        actor.require_asking(agent=request.agent)
        if row is None:
            await require_agent(session, actor, request.agent)
    defined = Definition() if row is None else Definition.of(row)
    approve = max(request.approve, defined.approve, key=_STRICTNESS.index)
    if request.toolbox is not None:
        approve = request.approve
    elif defined.approve != "never" and not request.keep:
        raise InputError(
            f"Calls of the agent {request.agent} wait for a person. Ask it with POST /api/runs.", "model"
        )
    offered = request.toolbox or toolbox.of_tenant(actor.tenant_slug).only(defined.tools)
    return replace(
        request,
        toolbox=offered.without(list(await session.scalars(select(RecalledTool.name)))),
        prompt=defined.prompt,
        collection=defined.collection,
        approve=approve,
        steps=defined.most_steps,
        answer_tokens=_least(request.answer_tokens, defined.answer_tokens),
    )


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
