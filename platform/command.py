"""What all commands share: settings, the tenant, ``--json``, exit codes, progress."""

import asyncio
import functools
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from .errors import InputError, WhorlError
from .identity.access import Actor
from .settings import Settings

_WHOLE = 100_000


class Opened(NamedTuple):
    """An open Whorl and the actor that the command line acts as."""

    whorl: Any
    actor: Actor


@dataclass
class Terminal:
    """The command line's surroundings, handed to every command as click's object."""

    settings: Settings
    open_whorl: Callable[..., AbstractAsyncContextManager[Any]]
    choose_actor: Callable[["Terminal", Any], Awaitable[Actor]]
    tenant: str | None = None
    json: bool = False

    def __post_init__(self) -> None:
        self.console = Console(highlight=False, width=_width(sys.stdout))
        self.notes = Console(stderr=True, highlight=False, width=_width(sys.stderr))

    @asynccontextmanager
    async def open(self, *, loaded: bool = False) -> AsyncIterator[Opened]:
        """Open Whorl as the chosen tenant's operator, its models ``loaded`` where the command is to ask them."""
        async with self.open_alone(loaded=loaded) as whorl:
            yield Opened(whorl, await self.choose_actor(self, whorl))

    @asynccontextmanager
    async def open_alone(self, *, loaded: bool = False) -> AsyncIterator[Any]:
        """Open Whorl for what is of no tenant, or makes its own."""
        with self.notes.status("Starting Whorl …"):
            manager = self.open_whorl(self.settings, loaded=loaded)
            whorl = await manager.__aenter__()
        try:
            yield whorl
        except BaseException:
            if not await manager.__aexit__(*sys.exc_info()):
                raise
        else:
            await manager.__aexit__(None, None, None)

    def result(self, value: Any, show: Callable[[], None]) -> None:
        """Print ``value`` as JSON where asked, or let ``show`` print it for people."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
        else:
            show()

    def ask(self, question: str, yes: bool) -> None:
        """Ask before what cannot be undone, unless ``yes`` was said; raises InputError where nobody agrees."""
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            raise InputError("Nobody can be asked here: say --yes.")
        if not click.confirm(question):
            raise InputError("Nothing was changed.")

    def table(self, columns: Sequence[str | Column], rows: Iterable[Iterable[Any]]) -> None:
        """Print rows as a table; a cell may be a rich text, any other is shown as it is."""
        table = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else _plain(cell) for cell in row))
        self.console.print(table)

    def progress(self) -> Progress:
        """A progress bar on standard error, or, where that is no terminal, a line for each task that is over."""
        if not self.notes.is_terminal:
            return _Told(console=self.notes, quiet=self.json)
        return Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=self.notes, transient=False, disable=self.json,
        )  # fmt: skip


class _Told(Progress):
    """Progress where nothing can be drawn over."""

    def __init__(self, console: Console, quiet: bool) -> None:
        super().__init__(console=console, disable=True)
        self._quiet = quiet
        self._told: set[TaskID] = set()

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self._tell(task_id)

    def update(self, task_id: TaskID, **changes: Any) -> None:
        super().update(task_id, **changes)
        self._tell(task_id)

    def _tell(self, task_id: TaskID) -> None:
        task = self._tasks[task_id]
        if self._quiet or not task.finished or task_id in self._told:
            return
        self._told.add(task_id)
        self.console.print(
            f"{task.description}: {task.completed:g} in {task.finished_time or 0:.0f} s", markup=False
        )


def _width(stream: TextIO) -> int | None:
    """The columns that lines are broken for: those of a terminal; a file or a program gets them whole."""
    return None if stream.isatty() else _WHOLE


def _plain(cell: Any) -> Text:
    """A cell without markup: what it says may have brackets of its own."""
    return Text("" if cell is None else str(cell))


def run_async(function: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a click command of an async function ``(terminal, **options)``.

    Adds ``--json`` and ``--tenant``; errors become one sentence on standard error and the error's
    exit code, Ctrl-C exit code 130.
    """
    chosen = click.option("--tenant", metavar="SLUG", help="Workspace to act in; by default the oldest.")
    return chosen(run_alone(function))


def run_alone(function: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """As :func:`run_async`, for a command that acts in no workspace, or in one of its own: without ``--tenant``."""

    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @click.pass_context
    def command(context: click.Context, /, as_json: bool, tenant: str | None = None, **options: Any) -> None:
        terminal: Terminal = context.obj
        terminal.json, terminal.tenant = as_json, tenant
        try:
            asyncio.run(_main(function(terminal, **options)))
        except BaseExceptionGroup as group:
            fail(_first(group), as_json)
        except (WhorlError, KeyboardInterrupt) as error:
            fail(error, as_json)

    return functools.update_wrapper(command, function)


async def _main(work: Awaitable[None]) -> None:
    await work


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first of Whorl's errors in a group, or the group itself."""
    for error in group.exceptions:
        found = _first(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, WhorlError | KeyboardInterrupt):
            return found
    return group


def fail(error: BaseException, as_json: bool = False) -> None:
    """End the process for an error of Whorl's; anything else is raised again."""
    if isinstance(error, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    if not isinstance(error, WhorlError):
        raise error
    if as_json:
        click.echo(json.dumps({"error": {"title": error.title, "message": error.message}}))
    click.echo(f"{error.title}: {error.message}", err=True)
    sys.exit(error.exit_code)
