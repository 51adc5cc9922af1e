"""``whorl tenant`` and ``whorl key``."""

from datetime import timedelta
from typing import TextIO

import click

from ..command import Terminal, run_alone, run_async
from ..database.session import tenant_session
from ..errors import InputError
from ..ids import parse_uuid
from . import audit
from .access import KEY_ROLES, Scope, parse_role
from .bootstrap import ensure_tenant, show_credentials
from .keys import create_key, described, list_keys, revoke_key, rotate_key
from .tenants import list_tenants


@click.group()
def tenant() -> None:
    """Workspaces: create, list, delete; their quotas, retention, consent."""


@tenant.command("create")
@click.argument("slug")
@click.option("--name", default="", help="The name that people see.")
@click.option("--email", help="The owner's e-mail address.")
@run_alone
async def tenant_create(terminal: Terminal, slug: str, name: str, email: str | None) -> None:
    """Create a workspace with an owner and a first key, shown once.

    \b
    Example: whorl tenant create acme --name "Acme" --email ada@acme.example
    """
    async with terminal.open_alone() as whorl:
        created = await ensure_tenant(whorl.engine, slug, name, email)
    if created.key is None:
        raise InputError(f"There is a tenant {slug!r} already.")
    value = {"tenant": slug, "email": created.email, "password": created.password, "key": created.key}
    terminal.result(value, lambda: show_credentials(terminal, created))


@tenant.command("list")
@run_alone
async def tenant_list(terminal: Terminal) -> None:
    """List the workspaces.

    \b
    Example: whorl tenant list
    """
    async with terminal.open_alone() as whorl:
        tenants = await list_tenants(whorl.engine)
    value = [
        {"slug": t.slug, "name": t.name, "created_at": t.created_at, "closed_at": t.closed_at}
        for t in tenants
    ]
    columns = ["slug", "name", "created", "being deleted since"]
    terminal.result(value, lambda: terminal.table(columns, [v.values() for v in value]))


@click.group()
def key() -> None:
    """API keys: create, list, rotate, revoke."""


@key.command("create")
@click.argument("name")
@click.option("--role", default="member", type=click.Choice(KEY_ROLES), show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.")
@click.option("--agent", "agents", multiple=True, help="Limit it to this agent; may be given again.")
@click.option("--model", "models", multiple=True, help="Limit it to this model; may be given again.")
@run_async
async def key_create(
    terminal: Terminal,
    name: str,
    role: str,
    days: int | None,
    agents: tuple[str, ...],
    models: tuple[str, ...],
) -> None:
    """Create an API key and print it, once.

    \b
    Example: whorl key create "billing service" --role member --days 90
             whorl key create "course page" --agent tutor
    """
    scope = Scope.of(agents or None, models or None)
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        made, text = await create_key(
            session, actor.tenant_id, name, parse_role(role), days=days, scope=scope
        )
        audit.record(session, actor, "key.created", str(made.id), **described(made))
    terminal.result({"id": made.id, "key": text}, lambda: click.echo(text))


@key.command("list")
@run_async
async def key_list(terminal: Terminal) -> None:
    """List the keys of the workspace.

    \b
    Example: whorl key list
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        keys = await list_keys(session)
    value = [
        {"id": k.id, "name": k.name, "role": k.role, "agents": k.agents, "models": k.models, "ends": f"…{k.hint}",
         "expires": k.expires_at, "revoked": k.revoked_at}
        for k in keys
    ]  # fmt: skip
    columns = ["id", "name", "role", "agents", "models", "ends", "expires", "revoked"]
    terminal.result(value, lambda: terminal.table(columns, [v.values() for v in value]))


@key.command("revoke")
@click.argument("key_id")
@run_async
async def key_revoke(terminal: Terminal, key_id: str) -> None:
    """Revoke a key at once.

    \b
    Example: whorl key revoke 0199e6a0-0000-7000-8000-000000000000
    """
    wanted = parse_uuid(key_id, "key")
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        await revoke_key(session, actor, wanted)
    terminal.result({"revoked": key_id}, lambda: click.echo("The key is revoked."))


@key.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap",
    default=24,
    show_default=True,
    type=click.IntRange(0, 24 * 7),
    help="Hours that the old one stays valid.",
)
@run_async
async def key_rotate(terminal: Terminal, key_id: str, overlap: int) -> None:
    """Make a new key in place of another and print it, once.

    \b
    Example: whorl key rotate 0199e6a0-0000-7000-8000-000000000000 --overlap 48
    """
    wanted = parse_uuid(key_id, "key")
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        made, text = await rotate_key(session, actor, wanted, timedelta(hours=overlap))
        audit.record(session, actor, "key.rotated", key_id, new=str(made.id), overlap_hours=overlap)
    terminal.result({"id": made.id, "key": text}, lambda: click.echo(text))


@click.command("audit")
@click.option(
    "--out",
    default="-",
    type=click.File("w", "utf-8", lazy=False),
    help="File to write; by default standard output.",
)
@run_async
async def audit_command(terminal: Terminal, out: TextIO) -> None:
    """Export the audit log as JSON lines, the oldest first; the export is its last line.

    \b
    Example: whorl audit --out audit.jsonl
    """
    async with terminal.open() as (whorl, actor):
        async for line in audit.export(whorl.engine, actor):
            out.write(line)
