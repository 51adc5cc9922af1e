"""``whorl tenant redaction``."""

import json

import click

from ..command import Terminal, run_async
from ..database.session import tenant_session
from ..identity.commands import tenant
from .redact_commands import read_policy
from .redaction.policy import RedactionPolicy
from .redaction.stored import policy_history, store_policy


@tenant.command("redaction")
@click.option(
    "--policy",
    "policy_file",
    metavar="FILE",
    help="A policy to put in force, as PUT /api/redaction/policy takes it.",
)
@run_async
async def redaction(terminal: Terminal, policy_file: str | None) -> None:
    """Show the workspace's redaction policy, or put another in force.

    \b
    Example: whorl tenant redaction --policy policy.json
    """
    given = read_policy(policy_file) if policy_file else None
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        if given is not None:
            await store_policy(session, whorl.sign_on.sealer, actor, given)
        newest = await policy_history(session, 1)
        policy = RedactionPolicy.model_validate(newest[0].policy) if newest else RedactionPolicy()
        value = {"version": newest[0].version if newest else 0, "policy": policy.model_dump(mode="json")}
    terminal.result(value, lambda: click.echo(json.dumps(value, ensure_ascii=False, indent=1)))
