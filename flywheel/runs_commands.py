"""``whorl runs``."""

import textwrap
import uuid
from typing import Any

import click
from rich.table import Column

from ..agents.conversations import find_run
from ..agents.listing import source_of
from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.telemetry import conventions as c
from ..platform.telemetry.store import spans_of_run
from .listing import Listed, latest
from .readiness import Readiness, readiness_of
from .where import parse_where

_WIDEST = 60


@click.command()
@click.argument("run_id", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--where", help="Only runs of which this holds, as \"reward < 0.5 and 'search' in tools\".")
@click.option("--datasets", is_flag=True, help="Of one run: which datasets it gives rows to, or why not.")
@run_async
async def runs(terminal: Terminal, run_id: str | None, limit: int, where: str | None, datasets: bool) -> None:
    """List runs with their outcomes, the newest first, or show the redacted spans of one.

    \b
    Example: whorl runs --where "reward < 0.5 and question ilike '%invoice%'" --limit 5
    """
    if datasets and run_id is None:
        raise InputError("--datasets is of one run: give its id, as the list has it.")
    if run_id is not None and where is not None:
        raise InputError("--where chooses runs for the list: leave it out, or the id.")
    if where is not None:
        parse_where(where)
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            if run_id is not None and datasets:
                _show_readiness(terminal, await readiness_of(session, actor.tenant_id, _uuid(run_id)))
                return
            if run_id is not None:
                await _show_run(terminal, session, _uuid(run_id))
                return
            found = [(_value(each), _cells(each)) async for each in latest(session, limit, where)]
    terminal.result(
        [value for value, _ in found], lambda: _show_list(terminal, [cells for _, cells in found])
    )


def _show_list(terminal: Terminal, rows: list[list[str]]) -> None:
    others = (Column(name, overflow="fold") for name in ("started", "agent", "model", "outcome", "question"))
    terminal.table([Column("id", no_wrap=True), *others], rows)


def _value(listed: Listed) -> dict[str, Any]:
    run, told = listed
    return {
        "id": run.id, "started": run.started_at.isoformat(timespec="seconds"), "status": run.status,
        "source": source_of(run), "agent": run.agent, "model": run.adapter or run.model, "steps": run.steps,
        "tokens": run.input_tokens + run.output_tokens, "cost": None if run.cost is None else float(run.cost),
        "reward": told.reward, "outcomes": _kinds(listed),
        "question": told.question,
    }  # fmt: skip


def _cells(listed: Listed) -> list[str]:
    run, told = listed
    status = None if run.status == "succeeded" else run.status
    reward = None if told.reward is None else f"{told.reward:.2f}"
    outcome = " ".join(filter(None, (status, reward, ", ".join(_kinds(listed)))))
    started = run.started_at.isoformat(" ", timespec="minutes")[:16]
    return [str(run.id), started, run.agent, run.adapter or run.model, outcome, _line(told.question)]


def _kinds(listed: Listed) -> list[str]:
    """The kinds of outcomes that a run has, each once, in the order they came."""
    return list(dict.fromkeys(outcome.kind for outcome in listed.told.outcomes))


def _line(text: str) -> str:
    """The beginning of a text on one line, without what moves a terminal's cursor.

    >>> _line("When does\\n the \\x1b[2Joffice close?")
    'When does the [2Joffice close?'
    >>> _line("word " * 100).removeprefix("word " * 10)
    'word …'
    """
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return textwrap.shorten(printable, _WIDEST, placeholder=" …")


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


def _show_readiness(terminal: Terminal, found: list[Readiness]) -> None:
    rows = [[each.format, str(each.rows), each.reason] for each in found]
    terminal.result(
        [each._asdict() for each in found], lambda: terminal.table(["dataset", "rows", "why none"], rows)
    )


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
