"""``whorl agent``."""

from pathlib import Path
from typing import Any, get_args

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..retrieval.library import DOCUMENTS
from .definitions import Definition, define_agent, forget_agent, list_agents
from .definitions_api import AgentView
from .graph import Approve


@click.group()
def agent() -> None:
    """Agents that the workspace defines: what they are told, their tools, what waits for a person."""


@agent.command("list")
@run_async
async def agent_list(terminal: Terminal) -> None:
    """List the agents that are defined.

    \b
    Example: whorl agent list
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        views = [AgentView.of(row) for row in await list_agents(session, actor)]
    rows = [
        [v.name, v.description, "all" if v.tools is None else ", ".join(v.tools) or "none", v.approve]
        for v in views
    ]
    values = [view.model_dump(mode="json") for view in views]
    terminal.result(values, lambda: terminal.table(["agent", "description", "tools", "approve"], rows))


@agent.command("define")
@click.argument("name")
@click.option("--description", default="", help="What the agent is for.")
@click.option(
    "--prompt", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with what the model is told in place of Whorl's own prompt.",
)  # fmt: skip
@click.option("--tool", "tools", multiple=True, help="A tool that it is offered; repeat it for several.")
@click.option("--collection", default=DOCUMENTS, show_default=True, help="What its search looks in.")
@click.option("--no-tools", is_flag=True, help="It is offered no tool.")
@click.option("--approve", type=click.Choice(get_args(Approve)), default="never", show_default=True,
              help="Which calls wait for a person.")  # fmt: skip
@click.option("--most-steps", type=click.IntRange(1, 100), help="Calls of the model in a run.")
@click.option("--answer-tokens", type=click.IntRange(1), help="Tokens of one reply.")
@run_async
async def agent_define(
    terminal: Terminal, name: str, prompt: Path | None, tools: tuple[str, ...], no_tools: bool, **said: Any
) -> None:
    """Define an agent, or define it anew; without --tool it is offered all tools.

    \b
    Example: whorl agent define tutor --prompt tutor.txt --tool search
    """
    if tools and no_tools:
        raise InputError("Give either --tool or --no-tools.")
    text = prompt.read_text(encoding="utf-8") if prompt is not None else None
    definition = Definition(prompt=text, tools=list(tools) if tools or no_tools else None, **said)
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        row = await define_agent(session, actor, name, definition, whorl.agents.toolbox, whorl.servers.base)
        view = AgentView.of(row)
    terminal.result(view.model_dump(mode="json"), lambda: click.echo(f"defined {name}"))


@agent.command("forget")
@click.argument("name")
@run_async
async def agent_forget(terminal: Terminal, name: str) -> None:
    """Take an agent's definition away; its runs stay.

    \b
    Example: whorl agent forget tutor
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        await forget_agent(session, actor, name)
    terminal.result({"forgotten": name}, lambda: click.echo(f"forgot {name}"))
