"""``whorl export`` and ``whorl rebuild``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from anyio import to_thread

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.audit import record
from ..platform.ids import parse_uuid
from .apart import step_back
from .build import FORMATS
from .datasets import Selection, create_dataset, restore
from .evaluation_sets import load_set, redacted_sets
from .files import check_target, copy_dataset, parts_in
from .parquet import parquet_of
from .readers.local import LocalReader
from .readers.ray import RayReader

_MOMENT = click.DateTime(
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]
)


def _utc(moment: datetime | None) -> datetime | None:
    """A moment with its time zone, which is UTC where none was given."""
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


@click.command()
@click.option("--format", "format", type=click.Choice(FORMATS), required=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Copy the files into this folder."
)
@click.option("--agent", help="Only runs of this agent.")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--adapter", help="Only runs answered by this adapter.")
@click.option(
    "--since", type=_MOMENT, help="Only runs that began then or later, in UTC without a zone such as Z."
)
@click.option("--until", type=_MOMENT, help="Only runs that began before then.")
@click.option("--model", help="Only runs of this model, such as gpt-4o of an import.")
@click.option("--where", help="Only runs of which this holds, as \"reward >= 0.8 and 'search' in tools\".")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split.")
@click.option("--held-out", type=click.FloatRange(0, 1, max_open=True), default=0.1, show_default=True)
@click.option(
    "--near-duplicates",
    type=click.FloatRange(0.5, 1),
    help="Leave out runs that are this similar to an earlier one (sft, kto).",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Leave out what this evaluation's file asks, run or not (JSON lines); may be given several times.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where runs are read.",
)
@click.option(
    "--ray-address", default="", help="The Ray cluster, as ray://head:10001; none: one on this machine."
)
@click.option("--parquet", is_flag=True, help="Write the parts as Parquet, too.")
@run_async
async def export(
    terminal: Terminal,
    format: Any,
    out: Path | None,
    seed: int,
    held_out: float,
    near_duplicates: float | None,
    against: tuple[Path, ...],
    engine: str,
    ray_address: str,
    parquet: bool,
    since: datetime | None,
    until: datetime | None,
    **selected: str | None,
) -> None:
    """Build a dataset version from captured runs. What an evaluation asks, or nearly so, is left out.

    The process takes the least priority, so that a server on the same machine goes on answering.

    \b
    Examples:
      whorl export --format sft --out build/sft
      whorl export --format kto --agent tutor --since 2026-11-01 --where "'judge' in kinds"
      whorl export --format sft --against tasks.jsonl --against squad-dev.jsonl
    """
    if ray_address and engine != "ray":
        raise InputError("--ray-address is for --engine ray.")
    sets = [load_set(file) for file in against]
    if out is not None:
        check_target(out)
    async with terminal.open() as (whorl, actor):
        # Only now: a database that this command starts may outlive it, for others.
        step_back(terminal.settings.background_priority)
        await whorl.flush()
        dataset = await create_dataset(
            whorl.engine, actor.tenant_id, terminal.settings.path("datasets"), format,
            Selection(since=_utc(since), until=_utc(until), **selected), seed=seed, held_out=held_out,
            near_duplicates=near_duplicates, against=await redacted_sets(sets, whorl.redactor, actor.tenant_id),
            reader=RayReader(whorl.addresses.app, ray_address) if engine == "ray" else LocalReader(), by=actor.label,
        )  # fmt: skip
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            record(session, actor, "dataset.exported", str(dataset.id), format=format)
    if parquet:
        for part in parts_in(Path(dataset.folder)):
            await to_thread.run_sync(parquet_of, Path(dataset.folder), part, format)
    if out is not None:
        copy_dataset(Path(dataset.folder), out)
    value = {
        "id": dataset.id, "format": format, "rows": dataset.rows, "held_out_rows": dataset.held_out_rows,
        "content_hash": dataset.content_hash, "folder": str(out or dataset.folder),
        "left_out": dataset.manifest["left_out"], "checked": dataset.manifest["checked"],
    }  # fmt: skip
    terminal.result(value, lambda: terminal.table(["dataset", ""], value.items()))


@click.command()
@click.argument("dataset")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Copy the files into this folder, too."
)
@run_async
async def rebuild(terminal: Terminal, dataset: str, out: Path | None) -> None:
    """Make the files of a dataset version again from its manifest: the same bytes, or an error.

    \b
    Example: whorl rebuild 0199e6a0-0000-7000-8000-000000000000 --out build/again
    """
    async with terminal.open() as (whorl, actor):
        # Only now: a database that this command starts may outlive it, for others.
        step_back(terminal.settings.background_priority)
        actor.require("write")
        made = await restore(whorl.engine, actor.tenant_id, parse_uuid(dataset, "dataset"))
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            record(session, actor, "dataset.rebuilt", str(made.id), format=made.format)
    if out is not None:
        copy_dataset(Path(made.folder), out)
    value = {"id": made.id, "content_hash": made.content_hash, "folder": str(out or made.folder)}
    terminal.result(value, lambda: terminal.table(["dataset", ""], value.items()))
