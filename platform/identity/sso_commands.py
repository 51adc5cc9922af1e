"""``whorl sso`` and ``whorl secrets``."""

import signal
from dataclasses import replace

import click

from ..command import Terminal, run_async
from ..database.session import tenant_session
from ..errors import InputError
from . import audit
from .access import ROLES, parse_person_role
from .providers import ProviderChange, check_provider, get_provider, remove_provider, set_provider
from .rotation import rotate
from .sealing import new_key
from .tables import SignOnProvider


@click.group()
def sso() -> None:
    """Single sign-on: set, show, remove."""


@sso.command("set")
@click.argument("issuer")
@click.option("--client-id", required=True)
@click.option("--client-secret", envvar="SSO_CLIENT_SECRET", help="Asked for when missing.")
@click.option(
    "--domain", "domains", multiple=True, help="Of e-mail addresses that may sign on; repeat it for more."
)
@click.option(
    "--role", type=click.Choice(ROLES), help="Given to whoever is not known; by default nobody comes in."
)
@click.option(
    "--accept-unstated-email",
    is_flag=True,
    help="Let addresses count of which the provider, which hands them out, does not say that it verified them.",
)
@run_async
async def sso_set(
    terminal: Terminal,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    domains: tuple[str, ...],
    role: str | None,
    accept_unstated_email: bool,
) -> None:
    """Set the OpenID provider; the client secret is taken from SSO_CLIENT_SECRET, or asked for.

    It is asked for when all else is right and the provider has answered.

    \b
    Example: whorl sso set https://login.acme.example --client-id whorl --domain acme.example --role member
    """
    names = tuple(dict.fromkeys(domain.strip().lower() for domain in domains))
    change = ProviderChange(
        issuer,
        client_id,
        client_secret,
        names,
        parse_person_role(role) if role else None,
        accept_unstated_email,
    )
    async with terminal.open() as (whorl, actor):
        await check_provider(whorl.sign_on.http, change, private=whorl.sign_on.private)
        change = replace(change, client_secret=client_secret or _ask_secret())
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            provider = await set_provider(session, whorl.sign_on.sealer, actor.tenant_id, change)
            audit.record(
                session,
                actor,
                "sso.set",
                issuer,
                client_id=client_id,
                domains=list(names),
                role=role,
                accept_unstated_email=accept_unstated_email,
                secret="new",
            )
    _show(terminal, provider, actor.tenant_slug)


def _ask_secret() -> str:
    """The client secret, typed unseen; raises InputError where nobody types one."""
    # The loop's own handler would keep the first Ctrl-C for a task that waits here.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return click.prompt("Client secret", hide_input=True, err=True)
    except click.Abort:
        raise InputError(
            "There is no client secret: set SSO_CLIENT_SECRET, or type it when asked.", "client_secret"
        ) from None
    finally:
        signal.signal(signal.SIGINT, handler)


@sso.command("show")
@run_async
async def sso_show(terminal: Terminal) -> None:
    """Show how single sign-on is set up, without the secret.

    \b
    Example: whorl sso show
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        provider = await get_provider(session)
    _show(terminal, provider, actor.tenant_slug)


@sso.command("remove")
@run_async
async def sso_remove(terminal: Terminal) -> None:
    """Switch single sign-on off; members stay.

    \b
    Example: whorl sso remove
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        await remove_provider(session)
        audit.record(session, actor, "sso.removed", actor.tenant_slug)
    terminal.result({"removed": True}, lambda: click.echo("Single sign-on is off."))


def _show(terminal: Terminal, provider: SignOnProvider, workspace: str) -> None:
    value = {
        "issuer": provider.issuer, "client_id": provider.client_id, "domains": provider.domains, "role": provider.role,
        "accept_unstated_email": provider.accept_unstated_email,
        "redirect_uri": f"{terminal.settings.site}/signin/sso/{workspace}/callback",
    }  # fmt: skip
    rows = [[name, ", ".join(it) if isinstance(it, list) else it] for name, it in value.items()]
    terminal.result(value, lambda: terminal.table(["setting", "value"], rows))


@click.group("secrets")
def stored_secrets() -> None:
    """The keys that seal stored secrets: make one, rotate."""


@stored_secrets.command("key")
def secrets_key() -> None:
    """Print a new key, for WHORL_SECRET_KEY.

    \b
    Example: whorl secrets key
    """
    click.echo(new_key())


@stored_secrets.command("rotate")
@run_async
async def secrets_rotate(terminal: Terminal) -> None:
    """Seal every stored secret of all workspaces with the newest key.

    \b
    Example: WHORL_SECRET_KEY=NEW,OLD whorl secrets rotate
    """
    async with terminal.open() as (whorl, actor):
        changed = await rotate(whorl.engine, whorl.sign_on.sealer)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            audit.record(session, actor, "secrets.rotated", actor.tenant_slug, changed=changed)
    terminal.result(
        {"sealed": changed}, lambda: click.echo(f"{changed} secrets were sealed with the newest key.")
    )
