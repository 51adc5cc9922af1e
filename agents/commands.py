"""``whorl ask``."""

from contextlib import aclosing
from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.errors import UpstreamError
from .events import RunEnded, TextDelta, ToolEnded, ToolStarted, event_data
from .execution import RunRequest
from .names import DEFAULT_AGENT


@click.command()
@click.argument("question")
@click.option("--agent", "name", default=DEFAULT_AGENT, show_default=True, help="The agent that answers.")
@click.option("--adapter", help='Answer with this adapter; "" asks the base model.')
@run_async
async def ask(terminal: Terminal, question: str, name: str, adapter: str | None) -> None:
    """Ask the agent; its steps go to standard error, the answer to standard output.

    \b
    Example: whorl ask "Who discovered oxygen?"
    """
    async with terminal.open(loaded=True) as (whorl, actor):
        ended, request = None, RunRequest(question, agent=name, adapter=adapter)
        async with aclosing(whorl.agents.stream(actor, request)) as events:
            async for event in events:
                _show_step(terminal, event)
                ended = event if isinstance(event, RunEnded) else ended
        assert ended is not None
        shelves = [] if ended.citations else await whorl.library.collections(actor.tenant_id)
    if ended.status != "succeeded":
        raise UpstreamError(ended.error or "The run failed.")
    terminal.result(event_data(ended), lambda: _show_answer(terminal, ended))
    if not ended.citations and not any(shelf.documents for shelf in shelves):
        terminal.notes.print(
            "This workspace has no documents yet. Put some in with: whorl ingest FILE …", markup=False
        )


def _show_step(terminal: Terminal, event: Any) -> None:
    if terminal.json:
        return
    if isinstance(event, ToolStarted):
        terminal.notes.print(f"→ {event.name} {event.arguments}", style="dim", markup=False)
    elif isinstance(event, ToolEnded):
        terminal.notes.print(event.result, style="red" if event.is_error else "dim", markup=False)
    elif isinstance(event, TextDelta):
        return


def _show_answer(terminal: Terminal, ended: RunEnded) -> None:
    click.echo(ended.answer)
    for citation in ended.citations:
        click.echo(f"  [{citation['number']}] {citation['title']}: {citation['text']}")
    terminal.notes.print(f"run {ended.run_id}", style="dim")
