"""``whorl delete``."""

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.ids import parse_uuid
from .deletion import delete_adapter, delete_dataset
from .lineage import find_node


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@run_async
async def delete(terminal: Terminal, name: str, yes: bool) -> None:
    """Delete a dataset, by its id, or an adapter's weights, by its name.

    Adapters go before the dataset that they came of, and answer nobody any more.

    \b
    Example: whorl delete acme.v1 --yes
             whorl delete 0199e6a0-0000-7000-8000-000000000000 --yes
    """
    async with terminal.open() as (whorl, actor):
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            node = await find_node(session, name)
        if node.kind not in ("dataset", "adapter"):
            raise InputError(f"{name} is of the kind {node.kind}: a dataset or an adapter can be deleted.")
        terminal.ask(f"Delete the {node.kind} {node.id}? This cannot be undone.", yes)
        if node.kind == "dataset":
            await delete_dataset(whorl.engine, actor, parse_uuid(node.id, "dataset"))
        else:
            await delete_adapter(whorl.engine, whorl.servers, actor, node.id)
    terminal.result(
        {"deleted": node.id, "kind": node.kind}, lambda: click.echo(f"The {node.kind} is deleted.")
    )
