"""``whorl tenant consent``."""

from dataclasses import asdict
from typing import get_args

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.commands import tenant
from .consent import Rule, change_rule, keep_consent, list_said, people_of, rule_of


@tenant.command("consent")
@click.option("--rule", type=click.Choice(get_args(Rule)), help="Whose runs may be learnt from.")
@click.option("--subject", help="A member's e-mail address, or the id that a program gives its user.")
@click.option("--agree", "said", flag_value="agree", help="The subject agrees.")
@click.option("--object", "said", flag_value="object", help="The subject objects.")
@click.option("--withdraw", "said", flag_value="withdraw", help="The subject takes back what they said.")
@run_async
async def consent(terminal: Terminal, rule: Rule | None, subject: str | None, said: str | None) -> None:
    """Show whose runs the workspace learns from and what people have said, or set it.

    \b
    Examples:
      whorl tenant consent --rule opt-in
      whorl tenant consent --subject ada@acme.example --object
    """
    if (subject is None) != (said is None):
        raise InputError("Say --subject together with one of --agree, --object and --withdraw.")
    training = {"agree": True, "object": False, "withdraw": None}
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        if rule is not None:
            await change_rule(session, actor, rule)
        if subject is not None and said is not None:
            people = await people_of(session, actor.tenant_id, subject)
            await keep_consent(session, actor, people, training[said])
        rule, told = await rule_of(session, actor.tenant_id), await list_said(session)
    value = {"rule": rule, "said": [asdict(each) for each in told]}
    rows = [
        [each.email or each.person, "agrees" if each.training else "objects", each.changed_at]
        for each in told
    ]

    def show() -> None:
        click.echo(f"rule: {rule}")
        if rows:
            terminal.table(["who", "says", "since"], rows)

    terminal.result(value, show)
