"""``whorl ask`` and ``whorl runs``."""

import uuid
from contextlib import aclosing
from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError, UpstreamError
from ..platform.telemetry import conventions as c
from ..platform.telemetry.store import spans_of_run
from .conversations import find_run
from .events import RunEnded, TextDelta, ToolEnded, ToolStarted, event_data
from .listing import listed, source_of
from .runs import RunRequest


@click.command()
@click.argument("question")
@click.option("--adapter", help='Answer with this adapter; "" asks the base model.')
@run_async
async def ask(terminal: Terminal, question: str, adapter: str | None) -> None:
    """Ask the agent; its steps go to standard error, the answer to standard output.

    \b
    Example: whorl ask "Who discovered oxygen?"
    """
    async with terminal.open() as (whorl, actor):
        ended = None
        async with aclosing(whorl.agents.stream(actor, RunRequest(question, adapter=adapter))) as events:
            async for event in events:
                _show_step(terminal, event)
                ended = event if isinstance(event, RunEnded) else ended
    assert ended is not None
    if ended.status != "succeeded":
        raise UpstreamError(ended.error or "The run failed.")
    terminal.result(event_data(ended), lambda: _show_answer(terminal, ended))


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


@click.command()
@click.argument("run_id", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@run_async
async def runs(terminal: Terminal, run_id: str | None, limit: int) -> None:
    """List runs, or show the redacted spans of one.

    \b
    Example: whorl runs --limit 5
    """
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            if run_id is not None:
                await _show_run(terminal, session, _uuid(run_id))
                return
            found = list(await session.scalars(listed(limit)))
    columns = ["id", "started", "status", "source", "agent", "model", "steps", "tokens"]
    value = [
        {"id": r.id, "started": r.started_at.isoformat(timespec="seconds"), "status": r.status,
         "source": source_of(r), "agent": r.agent, "model": r.adapter or r.model, "steps": r.steps,
         "tokens": r.input_tokens + r.output_tokens}
        for r in found
    ]  # fmt: skip
    terminal.result(value, lambda: terminal.table(columns, [v.values() for v in value]))


async def _show_run(terminal: Terminal, session: Any, run_id: uuid.UUID) -> None:
    await find_run(session, run_id)
    spans = await spans_of_run(session, run_id)
    begun = spans[0].start_ns if spans else 0
    value = [
        {"name": s.name, "at_ms": round((s.start_ns - begun) / 1e6, 1), "ms": round((s.end_ns - s.start_ns) / 1e6, 1),
         "status": s.status, "redacted": s.redactions, "attributes": s.attributes}
        for s in spans
    ]  # fmt: skip
    rows = [
        [v["name"], v["at_ms"], v["ms"], _content(s.attributes)[:100]]
        for v, s in zip(value, spans, strict=True)
    ]
    terminal.result(value, lambda: terminal.table(["span", "at ms", "ms", "content"], rows))


def _content(attributes: dict[str, Any]) -> str:
    for name in (c.OUTPUT_MESSAGES, c.TOOL_RESULT, c.RETRIEVAL_QUERY):
        if name in attributes:
            return str(attributes[name])
    return ""


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not the id of a run. whorl runs lists the runs.") from error


COMMANDS = (ask, runs)
