"""``whorl lineage``, ``whorl erase`` and ``whorl recall``."""

from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from .erasure import erase_subject
from .lineage import ancestors, descendants, find_node
from .recall import recall_source, release_tool
from .tables import Receipt


@click.command()
@click.argument("id")
@run_async
async def lineage(terminal: Terminal, id: str) -> None:
    """What came of a run, row, document, dataset, training, adapter, member or tool, and what it came from.

    ID is an id, a name or an e-mail address; kind:ID says which is meant, as tool:search. A row is
    row:DATASET/LINE of the training part, or row:DATASET/PART/LINE.

    \b
    Example: whorl lineage acme.v1
    """
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        actor.require("read")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            node = await find_node(session, id)
            before, after = await ancestors(session, node), await descendants(session, node)
    value = {"kind": node.kind, "id": node.id, "ancestors": before.value(), "descendants": after.value(node)}
    terminal.result(value, lambda: _show(terminal, value))


def _show(terminal: Terminal, value: dict[str, Any]) -> None:
    rows = [
        [
            side,
            kind,
            len(found),
            ", ".join(str(each) for each in found[:3]) + (" …" if len(found) > 3 else ""),
        ]
        for side in ("ancestors", "descendants")
        for kind, found in value[side].items()
        if found
    ]
    terminal.table([f"{value['kind']} {value['id']}", "", "", ""], rows or [["no relations", "", "", ""]])


@click.command()
@click.option("--subject", required=True, help="The member's e-mail address.")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@run_async
async def erase(terminal: Terminal, subject: str, yes: bool) -> None:
    """Erase a person: account, conversations, runs, spans, feedback, rows of datasets.

    Adapters trained on these are tainted and answer no more. A receipt says what went.

    \b
    Example: whorl erase --subject ann@acme.example --yes
    """
    terminal.ask(f"Erase {subject} and all that came of it? This cannot be undone.", yes)
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        receipt = await erase_subject(whorl.engine, whorl.servers, actor, subject)
    _show_receipt(terminal, receipt)


@click.command()
@click.option("--source", required=True, help="document:ID, tool:NAME or run:ID.")
@click.option("--release", is_flag=True, help="Offer a recalled tool again; what was taken back stays so.")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@run_async
async def recall(terminal: Terminal, source: str, release: bool, yes: bool) -> None:
    """Take back what came of a poisoned document, tool or run.

    A document leaves the library, a tool is offered no more until it is released. Its runs go into quarantine
    for good and their answers out of conversations, datasets are made again without them, adapters trained on
    them are tainted and answer no more.

    \b
    Example: whorl recall --source tool:weather --yes
    """
    if release:
        async with terminal.open() as (whorl, actor):
            await release_tool(whorl.engine, actor, source)
        terminal.result({"released": source}, lambda: click.echo(f"{source} is offered again."))
        return
    terminal.ask(f"Recall all that came of {source}?", yes)
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        receipt = await recall_source(whorl.engine, whorl.servers, whorl.library, actor, source)
    _show_receipt(terminal, receipt)


def _show_receipt(terminal: Terminal, receipt: Receipt) -> None:
    value = {
        "id": receipt.id, "kind": receipt.kind, "subject": receipt.subject, "at": receipt.created_at,
        **receipt.counts,
    }  # fmt: skip
    terminal.result(value, lambda: terminal.table(["receipt", ""], value.items()))
