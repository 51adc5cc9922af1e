"""``whorl member``."""

import click

from ..command import Terminal, run_async
from ..database.session import tenant_session
from .members import find_member
from .password_link_api import password_address
from .password_links import create_link


@click.group()
def member() -> None:
    """Members: a link for a forgotten password."""


@member.command("password-link")
@click.argument("email")
@run_async
async def member_password_link(terminal: Terminal, email: str) -> None:
    """Let a member set a forgotten password anew: print a link, once; hand it on yourself.

    \b
    Example: whorl member password-link ada@acme.example
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        found = await find_member(session, email)
        made = await create_link(session, actor, found.user.id)
    link = password_address(terminal.settings.site, made.secret)
    value = {"user_id": found.user.id, "link": link, "expires_at": made.link.expires_at}
    terminal.result(value, lambda: click.echo(link))
