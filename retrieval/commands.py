"""``whorl ingest``."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from ..platform.command import Terminal, run_async
from ..platform.errors import InputError
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

    What is stored before an error stays; the same file again replaces itself.

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
    chunks = 0
    async with terminal.open() as (whorl, actor):
        with terminal.progress() as bars:
            bar = bars.add_task("ingesting", total=None)
            async for added in whorl.library.ingest(actor.tenant_id, _documents(paths, limits), collection):
                counts[added.status] += 1
                chunks += added.chunks
                bars.advance(bar)
            bars.update(bar, total=counts.total())
    value = {**{status: counts[status] for status in ("added", "replaced", "unchanged")}, "chunks": chunks}
    terminal.result(value, lambda: click.echo(
        f"{counts['added']} added, {counts['replaced']} replaced, {counts['unchanged']} unchanged; {chunks} new chunks."
    ))  # fmt: skip


def _documents(paths: tuple[Path, ...], limits: LoadLimits) -> Iterator[LoadedDocument]:
    for path in paths:
        yield from load_path(path, limits)


COMMANDS = (ingest,)
