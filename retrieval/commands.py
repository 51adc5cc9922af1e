"""``whorl ingest``."""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from .api import COLLECTION, load_limits
from .library import DOCUMENTS
from .load.base import LoadedDocument, LoadLimits
from .load.path import load_path


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--collection", default=DOCUMENTS, show_default=True, help="Where they go; made where there is none."
)
@run_async
async def ingest(terminal: Terminal, paths: tuple[Path, ...], collection: str) -> None:
    """Put files and folders in: Markdown, text, HTML, PDF, DOCX, JSON lines.

    What is stored before an error stays; the same file again replaces itself, with all records of a JSON lines file.
    A file of a folder that cannot be read is said and left out, and the command ends with exit code 2.

    \b
    Example: whorl ingest docs/ handbook.pdf passages.jsonl
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist.")
    if re.fullmatch(COLLECTION, collection) is None:
        raise InputError(
            f"{collection!r} cannot be a collection's name: small letters, digits, _ and -, a letter first, 64 at most."
        )
    limits = load_limits(terminal.settings)
    counts: Counter[str] = Counter()
    failed: dict[str, str] = {}
    chunks = 0
    async with terminal.open() as (whorl, actor), _audited(whorl, actor, paths, collection, counts):
        with terminal.progress() as bars:
            bar = bars.add_task("ingesting", total=None)
            documents = _documents(paths, limits, failed)
            async for added in whorl.library.ingest(actor.tenant_id, documents, collection, failed):
                counts[added.status] += 1
                chunks += added.chunks
                bars.advance(bar)
            bars.update(bar, total=counts.total())
    statuses = ("added", "replaced", "unchanged", "removed")
    value = {**{status: counts[status] for status in statuses}, "chunks": chunks, "failed": failed}
    told = ", ".join(
        f"{counts[status]} {status}" for status in statuses if counts[status] or status != "removed"
    )
    terminal.result(value, lambda: click.echo(f"{told}; {chunks} new chunks."))
    for message in failed.values():
        click.echo(f"Left out: {message}", err=True)
    if failed:
        sys.exit(InputError.exit_code)


@asynccontextmanager
async def _audited(
    whorl: Any, actor: Actor, paths: tuple[Path, ...], collection: str, counts: Counter[str]
) -> AsyncIterator[None]:
    """Record what was stored inside, also where an error ends it."""
    try:
        yield
    finally:
        if counts:
            named = textwrap.shorten(", ".join(path.name for path in paths), 200, placeholder=" …")
            async with tenant_session(whorl.engine, actor.tenant_id) as session:
                record(
                    session, actor, "document.added", named, documents=counts.total(), collection=collection
                )


def _documents(
    paths: tuple[Path, ...], limits: LoadLimits, failed: dict[str, str]
) -> Iterator[LoadedDocument]:
    for path in paths:
        yield from load_path(path, limits, failed)
