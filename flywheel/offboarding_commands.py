"""``whorl tenant delete``."""

import click

from ..platform.command import Terminal, run_alone
from ..platform.identity.commands import tenant
from ..platform.identity.tenants import find_any_tenant
from .offboarding import delete_tenant


@tenant.command("delete")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@run_alone
async def tenant_delete(terminal: Terminal, slug: str, yes: bool) -> None:
    """Delete a workspace with all that is its own; nothing brings it back.

    Its people lose their accounts where they belong to no other workspace, its slug names no other.
    An audit log that is to be kept must be exported before.

    \b
    Example: whorl audit --tenant acme --out acme-audit.jsonl
             whorl tenant delete acme --yes
    """
    async with terminal.open_alone() as whorl:
        found = await find_any_tenant(whorl.engine, slug)
        question = (
            f"Delete the workspace {slug} ({found.name}) with all that is its own? This cannot be undone."
        )
        terminal.ask(question, yes)
        done = await delete_tenant(whorl.engine, whorl.queue, whorl.settings, slug)
    rows = [[name.replace("_", " "), number] for name, number in sorted(done.rows.items())]
    terminal.result(done._asdict(), lambda: terminal.table(["gone", "rows"], rows))
