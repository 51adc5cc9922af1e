"""``whorl invitation``."""

import click

from ..command import Terminal, run_async
from ..database.session import tenant_session
from ..ids import parse_uuid
from .access import ROLES, parse_person_role
from .invitation_api import link_of
from .invitations import invite, list_invitations, revoke_invitation


@click.group()
def invitation() -> None:
    """Invitations: create, list, revoke."""


@invitation.command("create")
@click.argument("email")
@click.option("--role", default="member", type=click.Choice(ROLES), show_default=True)
@run_async
async def invitation_create(terminal: Terminal, email: str, role: str) -> None:
    """Invite somebody and print the link, once; hand it on yourself.

    \b
    Example: whorl invitation create ada@acme.example --role member
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        made, secret = await invite(session, actor, email, parse_person_role(role))
    link = link_of(terminal.settings.site, secret)
    terminal.result({"id": made.id, "link": link, "expires_at": made.expires_at}, lambda: click.echo(link))


@invitation.command("list")
@run_async
async def invitation_list(terminal: Terminal) -> None:
    """List the invitations that nobody took up yet.

    \b
    Example: whorl invitation list
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        found = await list_invitations(session)
    columns = ["id", "email", "role", "expires_at"]
    value = [{name: getattr(each, name) for name in columns} for each in found]
    terminal.result(value, lambda: terminal.table(columns, [each.values() for each in value]))


@invitation.command("revoke")
@click.argument("invitation_id")
@run_async
async def invitation_revoke(terminal: Terminal, invitation_id: str) -> None:
    """Take an invitation back.

    \b
    Example: whorl invitation revoke 0199e6a0-0000-7000-8000-000000000000
    """
    wanted = parse_uuid(invitation_id, "invitation")
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        await revoke_invitation(session, actor, wanted)
    terminal.result({"revoked": invitation_id}, lambda: click.echo("The invitation is revoked."))
