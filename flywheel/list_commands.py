"""``whorl datasets`` and ``whorl trainings``: what was built and trained, with the ids that other commands take."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.table import Column

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from .datasets import list_datasets
from .tables import Dataset, Training
from .training.launch import list_trainings

_limit: Callable[..., Any] = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True
)


@click.command()
@_limit
@run_async
async def datasets(terminal: Terminal, limit: int) -> None:
    """List dataset versions, the newest first.

    \b
    Example: whorl datasets --json
    """
    async with terminal.open() as (whorl, actor):
        actor.require("read")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            found = await list_datasets(session, limit)
    _show(
        terminal, [_dataset(each) for each in found], ("created", "format", "rows", "held_out_rows", "runs")
    )


@click.command()
@_limit
@run_async
async def trainings(terminal: Terminal, limit: int) -> None:
    """List trainings, the newest first; one whose process died is gone on with by whorl train --resume ID.

    \b
    Example: whorl trainings --limit 5
    """
    async with terminal.open() as (whorl, actor):
        actor.require("read")
        found = await list_trainings(whorl.engine, actor, limit)
    _show(terminal, [_training(each) for each in found], ("created", "method", "status", "adapter", "error"))


def _show(terminal: Terminal, values: list[dict[str, Any]], shown: Sequence[str]) -> None:
    """The values as JSON, or of each its id and what is ``shown``, as a table."""
    columns = [
        Column("id", no_wrap=True),
        *(Column(name.replace("_", " "), overflow="fold") for name in shown),
    ]
    rows = [
        [value["id"], *("" if value[name] is None else value[name] for name in shown)] for value in values
    ]
    terminal.result(values, lambda: terminal.table(columns, rows))


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.id, "created": dataset.created_at.isoformat(timespec="seconds"), "format": dataset.format,
        "rows": dataset.rows, "held_out_rows": dataset.held_out_rows, "runs": dataset.runs,
        "content_hash": dataset.content_hash,
    }  # fmt: skip


def _training(training: Training) -> dict[str, Any]:
    ended = training.ended_at
    return {
        "id": training.id, "created": training.created_at.isoformat(timespec="seconds"), "method": training.method,
        "dataset": training.dataset_id, "status": training.status, "adapter": training.adapter,
        "continues": training.continues, "error": training.error,
        "ended": None if ended is None else ended.isoformat(timespec="seconds"),
    }  # fmt: skip
