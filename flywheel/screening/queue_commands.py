"""``whorl quarantine``: the queue of flagged runs, and the decisions on it."""

from typing import Any, get_args

import click
from rich.table import Column

from ...platform.command import Terminal, run_async
from ...platform.database.session import tenant_session
from ...platform.ids import parse_uuid
from ..tables import Quarantine
from .quarantine import Decision, State, decide, list_quarantine, screen_runs


@click.group()
def quarantine() -> None:
    """Runs that screening flagged: list, screen, release, confirm."""


@quarantine.command("list")
@click.option(
    "--state", type=click.Choice(get_args(State)), help="Only those that are held, released or confirmed."
)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@run_async
async def list_command(terminal: Terminal, state: State | None, limit: int) -> None:
    """List runs in quarantine with what was found in them, the last that was held first.

    \b
    Example: whorl quarantine list --state held
    """
    async with terminal.open() as (whorl, actor):
        actor.require("read")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            entries = await list_quarantine(session, state, limit)
    columns: list[str | Column] = [
        Column("run", no_wrap=True), "state", "held", "tool", Column("reason", overflow="fold"),
        Column("excerpt", overflow="fold"),
    ]  # fmt: skip
    rows = [
        [
            entry.run_id,
            entry.state,
            f"{entry.held_at:%Y-%m-%d %H:%M}",
            found["tool"],
            found["reason"],
            found["excerpt"],
        ]
        for entry in entries
        for found in entry.findings
    ]
    terminal.result([_value(entry) for entry in entries], lambda: terminal.table(columns, rows))


@quarantine.command("screen")
@click.option("--limit", type=click.IntRange(1, 2000), default=200, show_default=True)
@run_async
async def screen_command(terminal: Terminal, limit: int) -> None:
    """Screen the latest runs now; building a dataset does so by itself.

    \b
    Example: whorl quarantine screen --limit 500
    """
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            screened, held = await screen_runs(session, actor, limit)
    value = {"screened": screened, "held": held}
    terminal.result(value, lambda: click.echo(f"{screened} runs screened, {held} held now."))


@quarantine.command("release")
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN…")
@click.option("--note", default="", help="Why, for whoever looks later.")
@run_async
async def release_command(terminal: Terminal, run_ids: tuple[str, ...], note: str) -> None:
    """Let runs be trained on after all; all of those named, or none.

    \b
    Example: whorl quarantine release 0199e6a0-0000-7000-8000-000000000000 --note "a quoted e-mail"
    """
    await _decide(terminal, run_ids, "released", note)


@quarantine.command("confirm")
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN…")
@click.option("--note", default="", help="Why, for whoever looks later.")
@run_async
async def confirm_command(terminal: Terminal, run_ids: tuple[str, ...], note: str) -> None:
    """Keep runs out of every dataset for good; all of those named, or none.

    \b
    Example: whorl quarantine confirm 0199e6a0-0000-7000-8000-000000000000
    """
    await _decide(terminal, run_ids, "confirmed", note)


async def _decide(terminal: Terminal, run_ids: tuple[str, ...], decision: Decision, note: str) -> None:
    wanted = [parse_uuid(run_id, "run") for run_id in dict.fromkeys(run_ids)]
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        entries = [await decide(session, actor, run_id, decision, note) for run_id in wanted]
    terminal.result([_value(entry) for entry in entries], lambda: click.echo(f"{len(entries)} {decision}."))


def _value(entry: Quarantine) -> dict[str, Any]:
    return {
        "run": entry.run_id, "state": entry.state, "held_at": entry.held_at, "findings": entry.findings,
        "decisions": entry.decisions,
    }  # fmt: skip
